CREATE TABLE "rollout_waits" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"rollout" text NOT NULL,
	"device" text NOT NULL,
	"waits_for" text NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "rollout_waits_rollout_device_pk" PRIMARY KEY("rollout","device")
);
--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "conflict_patience_seconds" integer DEFAULT 86400 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollout_waits" ADD CONSTRAINT "rollout_waits_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollout_waits" ADD CONSTRAINT "rollout_waits_rollout_rollouts_id_fk" FOREIGN KEY ("rollout") REFERENCES "public"."rollouts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rollout_waits_until" ON "rollout_waits" USING btree ("until");