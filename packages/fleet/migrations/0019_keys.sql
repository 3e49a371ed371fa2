CREATE TABLE "keys" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"id" text NOT NULL,
	"purpose" text NOT NULL,
	"state" text DEFAULT 'current' NOT NULL,
	"certificate" text NOT NULL,
	"subject" text NOT NULL,
	"serial" text NOT NULL,
	"not_before" timestamp with time zone NOT NULL,
	"not_after" timestamp with time zone NOT NULL,
	"first_seen" timestamp with time zone NOT NULL,
	"last_used" timestamp with time zone NOT NULL,
	CONSTRAINT "keys_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
ALTER TABLE "releases" ADD COLUMN "signed_by" text;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;