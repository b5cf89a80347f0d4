using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Reads a <see cref="PodManifest"/> from a pod's JSON.</summary>
public static class PodManifestReader
{
    /// <exception cref="JsonException">The bytes are not an object with metadata.</exception>
    public static PodManifest Read(StoredObject pod)
    {
        using var document = JsonDocument.Parse(pod.Json);
        var root = document.RootElement;
        var spec = root.At("spec");
        var security = ReadPodSecurity(spec.At("securityContext"));
        return new PodManifest
        {
            Meta = pod.Meta,
            Revision = pod.Revision,
            NodeName = spec.Text("nodeName"),
            InitContainers = Containers(spec, "initContainers", security),
            Containers = Containers(spec, "containers", security),
            EphemeralContainers = Containers(spec, "ephemeralContainers", security),
            Volumes = spec.Items("volumes").Select(VolumeManifestReader.Read).ToImmutableArray(),
            RestartPolicy = spec.Text("restartPolicy", "Always"),
            TerminationGracePeriod = JsonFields.Seconds(spec.NumberOrNull("terminationGracePeriodSeconds") is { } grace ? grace < 0 ? 1 : grace : 30),
            ActiveDeadline = spec.SecondsOrNull("activeDeadlineSeconds"),
            Hostname = spec.Text("hostname"),
            Subdomain = spec.Text("subdomain"),
            DnsPolicy = spec.Text("dnsPolicy", "ClusterFirst"),
            DnsConfig = ReadDns(spec.At("dnsConfig")),
            HostNetwork = spec.Flag("hostNetwork"),
            HostPid = spec.Flag("hostPID"),
            HostIpc = spec.Flag("hostIPC"),
            ShareProcessNamespace = spec.Flag("shareProcessNamespace"),
            EnableServiceLinks = spec.Flag("enableServiceLinks", otherwise: true),
            ServiceAccountName = spec.Text("serviceAccountName"),
            HostAliases = spec.Items("hostAliases").Select(a => new HostAlias(a.Text("ip"), a.Texts("hostnames"))).ToImmutableArray(),
            ImagePullSecrets = spec.Items("imagePullSecrets").Select(s => s.Text("name")).ToImmutableArray(),
            ReadinessGates = spec.Items("readinessGates").Select(g => g.Text("conditionType")).ToImmutableArray(),
            Security = security,
            Status = root.At("status") is { ValueKind: JsonValueKind.Object } status ? status.Clone() : default,
        };
    }

    private static ImmutableArray<ContainerManifest> Containers(JsonElement spec, string field, PodSecurity pod) =>
        spec.Items(field).Select(c => ReadContainer(c, pod, init: field == "initContainers")).ToImmutableArray();

    private static ContainerManifest ReadContainer(JsonElement c, PodSecurity pod, bool init)
    {
        var image = c.Text("image");
        return new ContainerManifest
        {
            Name = c.Text("name"),
            Image = image,
            PullPolicy = c.Text("imagePullPolicy", IsLatest(image) ? "Always" : "IfNotPresent"),
            Command = c.Texts("command"),
            Args = c.Texts("args"),
            WorkingDirectory = c.Text("workingDir"),
            Env = c.Items("env").Select(ReadEnv).ToImmutableArray(),
            EnvFrom = c.Items("envFrom").Select(ReadEnvFrom).ToImmutableArray(),
            Mounts = c.Items("volumeMounts").Select(ReadMount).ToImmutableArray(),
            Ports = c.Items("ports").Select(ReadPort).ToImmutableArray(),
            Requests = c.At("resources").Map("requests"),
            Limits = c.At("resources").Map("limits"),
            Liveness = ReadProbe(c.At("livenessProbe")),
            Readiness = ReadProbe(c.At("readinessProbe")),
            Startup = ReadProbe(c.At("startupProbe")),
            PostStart = ReadAction(c.At("lifecycle").At("postStart")),
            PreStop = ReadAction(c.At("lifecycle").At("preStop")),
            Security = ReadSecurity(c.At("securityContext"), pod),
            Stdin = c.Flag("stdin"),
            StdinOnce = c.Flag("stdinOnce"),
            Tty = c.Flag("tty"),
            TerminationMessagePath = c.Text("terminationMessagePath", "/dev/termination-log"),
            TerminationMessageFromLogs = c.Text("terminationMessagePolicy") == "FallbackToLogsOnError",
            TargetContainer = c.Text("targetContainerName"),
            Sidecar = init && c.Text("restartPolicy") == "Always",
        };
    }

    /// <summary>Whether an image without a digest is tagged <c>latest</c>, in words or by leaving the tag out.</summary>
    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal)) return false;
        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest";
    }

    private static EnvVar ReadEnv(JsonElement e) => new(e.Text("name"), e.Text("value"), ReadSource(e.At("valueFrom")));

    /// <summary>Reads one of configMapKeyRef, secretKeyRef, fieldRef and resourceFieldRef.</summary>
    internal static ValueSource? ReadSource(JsonElement e)
    {
        if (e.At("configMapKeyRef") is { ValueKind: JsonValueKind.Object } config)
            return new ValueSource("configMap", config.Text("name"), config.Text("key"), config.Flag("optional"));
        if (e.At("secretKeyRef") is { ValueKind: JsonValueKind.Object } secret)
            return new ValueSource("secret", secret.Text("name"), secret.Text("key"), secret.Flag("optional"));
        if (e.At("fieldRef") is { ValueKind: JsonValueKind.Object } field)
            return new ValueSource("field", "", field.Text("fieldPath"), Optional: false);
        if (e.At("resourceFieldRef") is { ValueKind: JsonValueKind.Object } resource)
            return new ValueSource("resource", resource.Text("containerName"), resource.Text("resource"), Optional: false, resource.Text("divisor"));
        return null;
    }

    private static EnvFrom ReadEnvFrom(JsonElement e)
    {
        var isSecret = e.At("secretRef").Exists();
        var source = e.At(isSecret ? "secretRef" : "configMapRef");
        return new EnvFrom(isSecret ? "secret" : "configMap", source.Text("name"), e.Text("prefix"), source.Flag("optional"));
    }

    private static MountManifest ReadMount(JsonElement e) => new(
        e.Text("name"), e.Text("mountPath"), e.Flag("readOnly"), e.Text("subPath"), e.Text("subPathExpr"), e.Text("mountPropagation", "None"));

    private static PortManifest ReadPort(JsonElement e) => new(
        e.Text("name"), e.Number("containerPort", 0), e.Number("hostPort", 0), e.Text("hostIP"), e.Text("protocol", "TCP"));

    private static Probe? ReadProbe(JsonElement e)
    {
        if (ReadAction(e) is not { } action) return null;
        return new Probe(action)
        {
            InitialDelay = TimeSpan.FromSeconds(e.Number("initialDelaySeconds", 0)),
            Period = TimeSpan.FromSeconds(Math.Max(1, e.Number("periodSeconds", 10))),
            Timeout = TimeSpan.FromSeconds(Math.Max(1, e.Number("timeoutSeconds", 1))),
            SuccessThreshold = Math.Max(1, e.Number("successThreshold", 1)),
            FailureThreshold = Math.Max(1, e.Number("failureThreshold", 3)),
            TerminationGracePeriod = e.SecondsOrNull("terminationGracePeriodSeconds"),
        };
    }

    private static ProbeAction? ReadAction(JsonElement e)
    {
        if (e.At("exec") is { ValueKind: JsonValueKind.Object } exec) return new ProbeAction.Exec(exec.Texts("command"));
        if (e.At("httpGet") is { ValueKind: JsonValueKind.Object } http)
        {
            var headers = http.Items("httpHeaders").Select(h => KeyValuePair.Create(h.Text("name"), h.Text("value"))).ToImmutableArray();
            return new ProbeAction.Http(http.Text("scheme", "HTTP"), http.Text("host"), http.Text("port"), http.Text("path", "/"), headers);
        }
        if (e.At("tcpSocket") is { ValueKind: JsonValueKind.Object } tcp) return new ProbeAction.Tcp(tcp.Text("host"), tcp.Text("port"));
        if (e.At("grpc") is { ValueKind: JsonValueKind.Object } grpc) return new ProbeAction.Grpc(grpc.Number("port", 0), grpc.Text("service"));
        if (e.At("sleep") is { ValueKind: JsonValueKind.Object } sleep) return new ProbeAction.Sleep(sleep.SecondsOrNull("seconds") ?? TimeSpan.Zero);
        return null;
    }

    private static PodSecurity ReadPodSecurity(JsonElement e) => new()
    {
        RunAsUser = e.NumberOrNull("runAsUser"),
        RunAsGroup = e.NumberOrNull("runAsGroup"),
        RunAsNonRoot = e.Flag("runAsNonRoot"),
        FsGroup = e.NumberOrNull("fsGroup"),
        SupplementalGroups = e.Items("supplementalGroups").Where(g => g.ValueKind == JsonValueKind.Number).Select(g => g.GetInt64()).ToImmutableArray(),
        SeccompProfile = ReadSeccomp(e.At("seccompProfile")),
        Sysctls = e.Items("sysctls").DistinctBy(s => s.Text("name"), StringComparer.Ordinal).ToImmutableDictionary(s => s.Text("name"), s => s.Text("value"), StringComparer.Ordinal),
    };

    private static ContainerSecurity ReadSecurity(JsonElement e, PodSecurity pod)
    {
        var seccomp = ReadSeccomp(e.At("seccompProfile"));
        return new ContainerSecurity
        {
            RunAsUser = e.NumberOrNull("runAsUser") ?? pod.RunAsUser,
            RunAsGroup = e.NumberOrNull("runAsGroup") ?? pod.RunAsGroup,
            SupplementalGroups = pod.FsGroup is { } group ? pod.SupplementalGroups.Add(group) : pod.SupplementalGroups,
            RunAsNonRoot = e.FlagOrNull("runAsNonRoot") ?? pod.RunAsNonRoot,
            Privileged = e.Flag("privileged"),
            ReadOnlyRootFilesystem = e.Flag("readOnlyRootFilesystem"),
            AllowPrivilegeEscalation = e.FlagOrNull("allowPrivilegeEscalation"),
            AddCapabilities = e.At("capabilities").Texts("add"),
            DropCapabilities = e.At("capabilities").Texts("drop"),
            SeccompProfile = seccomp.Length > 0 ? seccomp : pod.SeccompProfile,
        };
    }

    private static string ReadSeccomp(JsonElement e)
    {
        var type = e.Text("type");
        return type == "Localhost" ? $"Localhost/{e.Text("localhostProfile")}" : type;
    }

    private static DnsSettings? ReadDns(JsonElement e)
    {
        if (!e.Exists()) return null;
        var options = e.Items("options").Select(o => o.At("value").Exists() ? $"{o.Text("name")}:{o.Text("value")}" : o.Text("name"));
        return new DnsSettings(e.Texts("nameservers"), e.Texts("searches"), options.ToImmutableArray());
    }
}
