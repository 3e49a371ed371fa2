CREATE TABLE "emergency_stops" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "emergency_stops_tenant_pk" PRIMARY KEY("tenant")
);
--> statement-breakpoint
DROP INDEX "executions_once";--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "halted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "devices_assigned" ON "devices" USING btree ("tenant") WHERE "devices"."assignment" is not null;--> statement-breakpoint
CREATE INDEX "executions_halted" ON "executions" USING btree ("tenant","halted_at") WHERE "executions"."halted_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "executions_once" ON "executions" USING btree ("rollout","device") WHERE "executions"."halted_at" is null;