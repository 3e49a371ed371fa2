ALTER TABLE "builds" ADD COLUMN "priority" text DEFAULT 'normal' NOT NULL;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "round" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "causes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "input_digest" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "source" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "arch" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "needs" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "queue" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "worker" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "retry_of" text;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "request" jsonb;--> statement-breakpoint
ALTER TABLE "builds" ADD COLUMN "cancelled_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "builds_equal" ON "builds" USING btree ("input_digest");--> statement-breakpoint
CREATE INDEX "builds_unfinished" ON "builds" USING btree ("tenant","device_class","counter") WHERE "builds"."state" in ('queued', 'building', 'signing');