CREATE TABLE "channel_history" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "channel_history_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant" text DEFAULT 'default' NOT NULL,
	"device_class" text NOT NULL,
	"channel" text NOT NULL,
	"event" text NOT NULL,
	"release" text NOT NULL,
	"version" text NOT NULL,
	"actor" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device_class" text NOT NULL,
	"name" text NOT NULL,
	"release" text,
	"floor" text,
	"stepping_stones" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channels_tenant_device_class_name_pk" PRIMARY KEY("tenant","device_class","name")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "channel" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "channel" text;--> statement-breakpoint
CREATE INDEX "channel_history_channel" ON "channel_history" USING btree ("tenant","device_class","channel","id");--> statement-breakpoint
CREATE INDEX "channel_history_release" ON "channel_history" USING btree ("release","channel");