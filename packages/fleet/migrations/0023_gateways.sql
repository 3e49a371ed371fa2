CREATE TABLE "gateways" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"id" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"withdrawn_for" timestamp with time zone,
	CONSTRAINT "gateways_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
ALTER TABLE "gateways" ADD CONSTRAINT "gateways_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;