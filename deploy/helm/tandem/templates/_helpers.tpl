{{- define "tandem.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that select the pods of a part: (dict "root" $ "part" "backend"). */}}
{{- define "tandem.selector" -}}
app.kubernetes.io/name: tandem
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "tandem.labels" -}}
{{ include "tandem.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* The image of a part: (dict "root" $ "part" "backend"). */}}
{{- define "tandem.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{ (index .root.Values .part).image }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{/* The name of a Secret: (dict "root" $ "of" "events"). */}}
{{- define "tandem.secret" -}}
{{- $given := (index .root.Values.secrets .of).existingSecret -}}
{{- $given | default (printf "%s-%s" (include "tandem.name" .root) (kebabcase .of)) -}}
{{- end -}}

{{/* An environment variable from a Secret: (dict "root" $ "name" … "of" … "key" …). */}}
{{- define "tandem.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "tandem.secret" . }}
      key: {{ .key }}
{{- end -}}

{{/* What backend and websocket service have alike in their environment. */}}
{{- define "tandem.sharedEnv" -}}
- name: TANDEM_BUS
  value: dapr
{{ include "tandem.secretEnv" (dict "root" .root "name" "DAPR_API_TOKEN" "of" "daprApi" "key" "token") }}
{{ include "tandem.secretEnv" (dict "root" .root "name" "APP_API_TOKEN" "of" "daprApp" "key" "token") }}
{{ include "tandem.secretEnv" (dict "root" .root "name" "TANDEM_EVENT_KEYS" "of" "events" "key" "keys") }}
{{ include "tandem.secretEnv" (dict "root" .root "name" "TANDEM_INTERNAL_TOKEN" "of" "internal" "key" "token") }}
{{- with .root.Values.trustedProxies }}
- name: TANDEM_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- range $name, $value := (index .root.Values .part).env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Annotations of a pod with a sidecar: (dict "root" $ "appId" … "port" … "part" …). */}}
{{- define "tandem.daprAnnotations" -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ .appId }}
dapr.io/app-port: {{ .port | quote }}
dapr.io/app-protocol: http
dapr.io/config: {{ include "tandem.name" .root }}-{{ .part }}
dapr.io/api-token-secret: {{ include "tandem.secret" (dict "root" .root "of" "daprApi") }}
dapr.io/app-token-secret: {{ include "tandem.secret" (dict "root" .root "of" "daprApp") }}
dapr.io/disable-builtin-k8s-secret-store: "true"
dapr.io/log-as-json: "true"
dapr.io/sidecar-cpu-request: {{ .root.Values.dapr.sidecar.requests.cpu | quote }}
dapr.io/sidecar-memory-request: {{ .root.Values.dapr.sidecar.requests.memory | quote }}
dapr.io/sidecar-memory-limit: {{ .root.Values.dapr.sidecar.limits.memory | quote }}
{{- end -}}

{{/* What every pod has: (dict "root" $ "part" … "user" …). */}}
{{- define "tandem.pod" -}}
automountServiceAccountToken: false
terminationGracePeriodSeconds: {{ .root.Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "tandem.selector" . | nindent 8 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What every container has; the Service takes a pod out before it is told to end: (dict "root" $ "part" …). */}}
{{- define "tandem.container" -}}
image: {{ include "tandem.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
lifecycle:
  preStop: {sleep: {seconds: 5}}
resources:
  {{- toYaml (index .root.Values .part).resources | nindent 2 }}
{{- end -}}

{{/* Probes on a named port: (dict "ready" "/ready"). */}}
{{- define "tandem.probes" -}}
startupProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: {{ .ready }}, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{/* Where a store is, as peers of a NetworkPolicy. */}}
{{- define "tandem.peers" -}}
{{- if .peers -}}
{{ toYaml .peers }}
{{- else -}}
- podSelector:
    matchLabels:
      {{- toYaml .podLabels | nindent 6 }}
{{- end -}}
{{- end -}}
