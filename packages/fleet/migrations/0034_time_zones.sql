ALTER TABLE "devices" ADD COLUMN "time_zone" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "utc_offset" integer;--> statement-breakpoint
CREATE INDEX "devices_time_zone" ON "devices" USING btree ("time_zone","id");