DROP INDEX "executions_live";--> statement-breakpoint
DROP INDEX "executions_deadline";--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "log" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "policy" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "executions_live" ON "executions" USING btree ("tenant","device") WHERE "executions"."state" in ('OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL');--> statement-breakpoint
CREATE INDEX "executions_deadline" ON "executions" USING btree ("deadline_at") WHERE "executions"."state" in ('OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL');