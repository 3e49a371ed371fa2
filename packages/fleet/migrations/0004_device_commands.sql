CREATE TABLE "device_commands" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"request" jsonb NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"code" text,
	"message" text,
	"output" text,
	"log_characters" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"answer_by" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "device_logs" (
	"command" text NOT NULL,
	"seq" integer NOT NULL,
	"source" text NOT NULL,
	"text" text NOT NULL,
	"end" boolean DEFAULT false NOT NULL,
	"truncated" boolean DEFAULT false NOT NULL,
	CONSTRAINT "device_logs_command_seq_pk" PRIMARY KEY("command","seq")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "telemetry" jsonb;--> statement-breakpoint
ALTER TABLE "device_logs" ADD CONSTRAINT "device_logs_command_device_commands_id_fk" FOREIGN KEY ("command") REFERENCES "public"."device_commands"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "device_commands_device" ON "device_commands" USING btree ("tenant","device","created_at");