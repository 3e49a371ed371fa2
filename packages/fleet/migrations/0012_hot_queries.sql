DROP INDEX "builds_created";--> statement-breakpoint
DROP INDEX "device_commands_device";--> statement-breakpoint
DROP INDEX "devices_class";--> statement-breakpoint
DROP INDEX "devices_not_active";--> statement-breakpoint
DROP INDEX "executions_live";--> statement-breakpoint
DROP INDEX "group_members_device";--> statement-breakpoint
DROP INDEX "releases_created";--> statement-breakpoint
DROP INDEX "rollouts_created";--> statement-breakpoint
DROP INDEX "claim_uses_device";--> statement-breakpoint
DROP INDEX "device_certificates_device";--> statement-breakpoint
ALTER TABLE "device_reports" DROP CONSTRAINT "device_reports_tenant_device_seq_pk";--> statement-breakpoint
ALTER TABLE "device_reports" ADD CONSTRAINT "device_reports_device_tenant_seq_pk" PRIMARY KEY("device","tenant","seq");--> statement-breakpoint
CREATE INDEX "builds_of_class" ON "builds" USING btree ("device_class","created_at","counter","id");--> statement-breakpoint
CREATE INDEX "devices_id" ON "devices" USING btree ("id");--> statement-breakpoint
CREATE INDEX "devices_version" ON "devices" USING btree ("version_order");--> statement-breakpoint
CREATE INDEX "devices_serial" ON "devices" USING btree ("serial");--> statement-breakpoint
CREATE INDEX "devices_tags" ON "devices" USING gin ("tags");--> statement-breakpoint
CREATE INDEX "devices_attributes" ON "devices" USING gin ("attributes" jsonb_path_ops);--> statement-breakpoint
CREATE INDEX "executions_created" ON "executions" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "executions_device" ON "executions" USING btree ("device","created_at","id");--> statement-breakpoint
CREATE INDEX "executions_rollout" ON "executions" USING btree ("rollout","created_at","id");--> statement-breakpoint
CREATE INDEX "executions_counts" ON "executions" USING btree ("rollout","state","halted_at");--> statement-breakpoint
CREATE INDEX "builds_created" ON "builds" USING btree ("created_at","counter","id");--> statement-breakpoint
CREATE INDEX "device_commands_device" ON "device_commands" USING btree ("device","created_at","id");--> statement-breakpoint
CREATE INDEX "devices_class" ON "devices" USING btree ("device_class","id");--> statement-breakpoint
CREATE INDEX "devices_not_active" ON "devices" USING btree ("state","id") WHERE "devices"."state" <> 'active';--> statement-breakpoint
CREATE UNIQUE INDEX "executions_live" ON "executions" USING btree ("device","tenant") WHERE "executions"."state" in ('OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL');--> statement-breakpoint
CREATE INDEX "group_members_device" ON "group_members" USING btree ("device","tenant");--> statement-breakpoint
CREATE INDEX "releases_created" ON "releases" USING btree ("created_at","counter","id");--> statement-breakpoint
CREATE INDEX "rollouts_created" ON "rollouts" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "claim_uses_device" ON "claim_uses" USING btree ("device","tenant");--> statement-breakpoint
CREATE INDEX "device_certificates_device" ON "device_certificates" USING btree ("device","tenant");