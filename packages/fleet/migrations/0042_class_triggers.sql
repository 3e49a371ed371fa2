CREATE TABLE "class_trigger_places" (
	"place" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"source" text,
	"mode" text DEFAULT 'taken' NOT NULL,
	"modes" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"branch" text,
	"at" text,
	"files" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"read_at" timestamp with time zone,
	"looked_at" timestamp with time zone,
	"code" text,
	"message" text
);
--> statement-breakpoint
ALTER TABLE "triggers" ADD COLUMN "class_file" text;--> statement-breakpoint
ALTER TABLE "class_trigger_places" ADD CONSTRAINT "class_trigger_places_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "class_trigger_places" ADD CONSTRAINT "class_trigger_places_source_sources_id_fk" FOREIGN KEY ("source") REFERENCES "public"."sources"("id") ON DELETE cascade ON UPDATE no action;