ALTER TABLE "device_reports" ALTER COLUMN "seq" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "devices" ALTER COLUMN "connection" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "devices" ALTER COLUMN "death_connection" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "executions" ALTER COLUMN "status_seq" SET DATA TYPE bigint;