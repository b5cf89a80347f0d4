using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>A pod as the kubelet needs it to run: all of its spec that has an effect on the machine.</summary>
public sealed record PodManifest
{
    public required ObjectMeta Meta { get; init; }
    public required long Revision { get; init; }
    public string NodeName { get; init; } = "";
    public ImmutableArray<ContainerManifest> InitContainers { get; init; } = [];
    public ImmutableArray<ContainerManifest> Containers { get; init; } = [];
    public ImmutableArray<ContainerManifest> EphemeralContainers { get; init; } = [];
    public ImmutableArray<VolumeManifest> Volumes { get; init; } = [];

    /// <summary><c>Always</c>, <c>OnFailure</c> or <c>Never</c>.</summary>
    public string RestartPolicy { get; init; } = "Always";
    public TimeSpan TerminationGracePeriod { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan? ActiveDeadline { get; init; }
    public string Hostname { get; init; } = "";
    public string Subdomain { get; init; } = "";
    public string DnsPolicy { get; init; } = "ClusterFirst";
    public DnsSettings? DnsConfig { get; init; }
    public bool HostNetwork { get; init; }
    public bool HostPid { get; init; }
    public bool HostIpc { get; init; }
    public bool ShareProcessNamespace { get; init; }
    public bool EnableServiceLinks { get; init; } = true;
    public string ServiceAccountName { get; init; } = "";
    public ImmutableArray<HostAlias> HostAliases { get; init; } = [];
    public ImmutableArray<string> ImagePullSecrets { get; init; } = [];
    public ImmutableArray<string> ReadinessGates { get; init; } = [];
    public PodSecurity Security { get; init; } = new();

    /// <summary>The status that the registry has: conditions that others write are kept from it. Undefined when there is none.</summary>
    public JsonElement Status { get; init; }

    public ObjectKey Key => new(Meta.Namespace, Meta.Name);

    /// <summary>How long its containers get to end, when it is being deleted or otherwise stopped.</summary>
    public TimeSpan Grace => Meta.DeletionGracePeriodSeconds is { } seconds && Meta.Deleting ? JsonFields.Seconds(seconds) : TerminationGracePeriod;

    public IEnumerable<ContainerManifest> AllContainers => InitContainers.Concat(Containers).Concat(EphemeralContainers);

    public PodManifest WithoutProbes() => this with
    {
        InitContainers = [.. InitContainers.Select(static c => c.WithoutProbes())],
        Containers = [.. Containers.Select(static c => c.WithoutProbes())],
    };

    public ContainerManifest? Container(string name) => AllContainers.FirstOrDefault(c => c.Name == name);
}

/// <summary>What the containers of a pod have in common of their security contexts.</summary>
public sealed record PodSecurity
{
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public bool RunAsNonRoot { get; init; }
    public long? FsGroup { get; init; }
    public ImmutableArray<long> SupplementalGroups { get; init; } = [];
    public string SeccompProfile { get; init; } = "";
    public ImmutableDictionary<string, string> Sysctls { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>One container of a pod, as specified.</summary>
public sealed record ContainerManifest
{
    public required string Name { get; init; }
    public required string Image { get; init; }

    /// <summary><c>Always</c>, <c>IfNotPresent</c> or <c>Never</c>.</summary>
    public string PullPolicy { get; init; } = "IfNotPresent";
    public ImmutableArray<string> Command { get; init; } = [];
    public ImmutableArray<string> Args { get; init; } = [];
    public string WorkingDirectory { get; init; } = "";
    public ImmutableArray<EnvVar> Env { get; init; } = [];
    public ImmutableArray<EnvFrom> EnvFrom { get; init; } = [];
    public ImmutableArray<MountManifest> Mounts { get; init; } = [];
    public ImmutableArray<PortManifest> Ports { get; init; } = [];
    public ImmutableDictionary<string, string> Requests { get; init; } = ImmutableDictionary<string, string>.Empty;
    public ImmutableDictionary<string, string> Limits { get; init; } = ImmutableDictionary<string, string>.Empty;
    public Probe? Liveness { get; init; }
    public Probe? Readiness { get; init; }
    public Probe? Startup { get; init; }
    public ProbeAction? PostStart { get; init; }
    public ProbeAction? PreStop { get; init; }
    public ContainerSecurity Security { get; init; } = new();
    public bool Stdin { get; init; }
    public bool StdinOnce { get; init; }
    public bool Tty { get; init; }
    public string TerminationMessagePath { get; init; } = "/dev/termination-log";
    public bool TerminationMessageFromLogs { get; init; }

    /// <summary>Of an ephemeral container: the one whose processes it is to see; empty is none.</summary>
    public string TargetContainer { get; init; } = "";

    /// <summary>An init container that keeps running beside the others (restartPolicy Always).</summary>
    public bool Sidecar { get; init; }

    public ContainerManifest WithoutProbes() => this with { Liveness = null, Readiness = null, Startup = null };
}

/// <summary>An environment variable: a value, or where it comes from.</summary>
public sealed record EnvVar(string Name, string Value, ValueSource? From);

/// <summary>Where a value comes from: one key of a configMap or secret, a field of the pod, or a resource of a container.</summary>
/// <param name="Kind"><c>configMap</c>, <c>secret</c>, <c>field</c> or <c>resource</c>.</param>
/// <param name="Name">The object, or (of a resource) the container; empty is the container itself.</param>
/// <param name="Key">The key, the field's path, or the resource.</param>
/// <param name="Divisor">The unit that a resource is counted in.</param>
public sealed record ValueSource(string Kind, string Name, string Key, bool Optional, string Divisor = "");

/// <summary>All keys of a configMap or secret as variables.</summary>
public sealed record EnvFrom(string Kind, string Name, string Prefix, bool Optional);

/// <summary>A volume's place in a container.</summary>
public sealed record MountManifest(string Volume, string Path, bool ReadOnly, string SubPath, string SubPathExpression, string Propagation);

/// <summary>A port that a container says it listens on.</summary>
public sealed record PortManifest(string Name, int ContainerPort, int HostPort, string HostIp, string Protocol);

/// <summary>What a probe or a hook does.</summary>
public abstract record ProbeAction
{
    public sealed record Exec(ImmutableArray<string> Command) : ProbeAction;

    /// <param name="Port">A number, or the name of one of the container's ports.</param>
    /// <param name="Host">Empty is the pod's own address.</param>
    public sealed record Http(string Scheme, string Host, string Port, string Path, ImmutableArray<KeyValuePair<string, string>> Headers) : ProbeAction;

    public sealed record Tcp(string Host, string Port) : ProbeAction;

    public sealed record Grpc(int Port, string Service) : ProbeAction;

    public sealed record Sleep(TimeSpan Duration) : ProbeAction;
}

/// <summary>A check that is repeated while a container runs. Defaults are those of Kubernetes.</summary>
public sealed record Probe(ProbeAction Action)
{
    public TimeSpan InitialDelay { get; init; }
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);
    public int SuccessThreshold { get; init; } = 1;
    public int FailureThreshold { get; init; } = 3;

    /// <summary>Replaces the pod's grace period when this probe's failure ends the container.</summary>
    public TimeSpan? TerminationGracePeriod { get; init; }
}

/// <summary>A volume of a pod. Exactly one source, named by <see cref="Kind"/> as its field in the API.</summary>
public sealed record VolumeManifest(string Name, string Kind)
{
    /// <summary>Of configMap and secret: the object. Of persistentVolumeClaim: the claim.</summary>
    public string ObjectName { get; init; } = "";
    public bool Optional { get; init; }

    /// <summary>Of persistentVolumeClaim: no container of the pod may write to it.</summary>
    public bool ReadOnly { get; init; }
    public int DefaultMode { get; init; } = 0x1A4; // 0644
    public ImmutableArray<VolumeItem> Items { get; init; } = [];
    public ImmutableArray<ProjectedSource> Sources { get; init; } = [];

    /// <summary>Of hostPath: the path on the machine and its required type.</summary>
    public string Path { get; init; } = "";
    public string PathType { get; init; } = "";

    /// <summary>Of emptyDir: <c>Memory</c> or empty.</summary>
    public string Medium { get; init; } = "";
    public long SizeLimitBytes { get; init; }
}

/// <summary>One file of a volume.</summary>
/// <param name="Key">The key of the object; empty for a value of the downward API.</param>
/// <param name="Mode">The file's permission bits, or null for the volume's.</param>
public sealed record VolumeItem(string Key, string Path, int? Mode, ValueSource? From = null);

/// <summary>One source of a projected volume.</summary>
/// <param name="Kind"><c>configMap</c>, <c>secret</c>, <c>downwardAPI</c>, <c>serviceAccountToken</c>, or another that is refused by name.</param>
public sealed record ProjectedSource(string Kind, string ObjectName, bool Optional, ImmutableArray<VolumeItem> Items)
{
    /// <summary>Of serviceAccountToken: where the file goes, whom the token is for, and how long it lasts (seconds).</summary>
    public string Path { get; init; } = "";
    public string Audience { get; init; } = "";
    public long ExpirationSeconds { get; init; } = 3600;
}
