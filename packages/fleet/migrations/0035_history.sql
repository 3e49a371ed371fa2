CREATE TABLE "device_metrics" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"step" integer NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"points" real[] NOT NULL,
	CONSTRAINT "device_metrics_device_tenant_since_step_pk" PRIMARY KEY("device","tenant","since","step")
);
--> statement-breakpoint
CREATE TABLE "fleet_snapshots" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"total" integer NOT NULL,
	"online" integer NOT NULL,
	"versions" jsonb DEFAULT '{}' NOT NULL,
	CONSTRAINT "fleet_snapshots_tenant_at_pk" PRIMARY KEY("tenant","at")
);
--> statement-breakpoint
ALTER TABLE "fleet_snapshots" ADD CONSTRAINT "fleet_snapshots_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "device_metrics_since" ON "device_metrics" USING btree ("step","since");--> statement-breakpoint
-- Rows grow by a point at a time, where they are.
ALTER TABLE "device_metrics" SET (fillfactor = 50);
