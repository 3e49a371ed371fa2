ALTER TABLE "devices" ADD COLUMN "disk_full" boolean GENERATED ALWAYS AS (((telemetry #>> '{diskTotal}')::float8 - (telemetry #>> '{diskFree}')::float8) * 100 / nullif((telemetry #>> '{diskTotal}')::float8, 0) >= 90) STORED;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "hot" boolean GENERATED ALWAYS AS ((telemetry #>> '{temperature}')::float8 >= 85) STORED;--> statement-breakpoint
CREATE INDEX "devices_disk_full" ON "devices" USING btree ("id") WHERE "devices"."disk_full";--> statement-breakpoint
CREATE INDEX "devices_hot" ON "devices" USING btree ("id") WHERE "devices"."hot";--> statement-breakpoint
CREATE INDEX "devices_failed" ON "devices" USING btree ("id") WHERE "devices"."health" = 'failed';