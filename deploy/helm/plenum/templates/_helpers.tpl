{{- define "plenum.labels" -}}
app.kubernetes.io/name: plenum
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "plenum.selector" -}}
app.kubernetes.io/name: plenum
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Addresses of all chat nodes: each pod of the StatefulSet has its own. */}}
{{- define "plenum.chatNodes" -}}
{{- $nodes := list }}
{{- range $n := until (int .Values.chat.replicas) }}
{{- $nodes = append $nodes (printf "http://%s-chat-%d.%s-chat:4000" $.Release.Name $n $.Release.Name) }}
{{- end }}
{{- join "," $nodes }}
{{- end }}

{{- define "plenum.pod" -}}
automountServiceAccountToken: false
# It stops within ten seconds whatever hangs; before that it takes nobody new, and tells those who are there.
terminationGracePeriodSeconds: 20
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "plenum.selector" . | nindent 8 }}
{{- end }}

{{- define "plenum.container" -}}
image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag }}"
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
startupProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: http }
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 2
volumeMounts:
  - { name: data, mountPath: /data }
{{- end }}

{{- define "plenum.env" -}}
- { name: APP_ENV, value: production }
- { name: HOST, value: 0.0.0.0 }
- { name: METRICS_PORT, value: "9100" }
- { name: METRICS_HOST, value: 0.0.0.0 }
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ .root.Values.existingSecret }}, key: database-url } }
- name: INTERNAL_SECRET
  valueFrom: { secretKeyRef: { name: {{ .root.Values.existingSecret }}, key: internal-secret } }
{{- range $name, $value := .env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
