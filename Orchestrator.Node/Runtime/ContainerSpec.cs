using System.Collections.Immutable;

namespace Orchestrator.Node.Runtime;

/// <summary>A path of the machine made visible in a container.</summary>
public sealed record ContainerMount(string HostPath, string ContainerPath, bool ReadOnly)
{
    /// <summary><c>None</c>, <c>HostToContainer</c> or <c>Bidirectional</c>.</summary>
    public string Propagation { get; init; } = "None";

    /// <summary>Whether a runtime without file systems of its own may leave it out.</summary>
    public bool Dispensable { get; init; }

    /// <summary>The container runs without it where the machine cannot mount: it is mounted into every pod, wanted or not.</summary>
    public bool IfPossible { get; init; }
}

/// <summary>Limits of the container's control group.</summary>
public sealed record ContainerResources
{
    /// <summary>Weight among containers that compete (1024 per core requested); 2 is the least.</summary>
    public long CpuShares { get; init; } = 2;

    /// <summary>Most CPU time, in thousandths of a core; 0 is no limit.</summary>
    public long CpuLimitMilli { get; init; }

    /// <summary>Most memory in bytes; 0 is no limit.</summary>
    public long MemoryLimitBytes { get; init; }

    /// <summary>How readily the kernel kills it when memory runs out (-1000 to 1000).</summary>
    public int OomScoreAdj { get; init; }
}

/// <summary>The security context of a container, with what the pod says filled in.</summary>
public sealed record ContainerSecurity
{
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public ImmutableArray<long> SupplementalGroups { get; init; } = [];
    public bool RunAsNonRoot { get; init; }
    public bool Privileged { get; init; }
    public bool ReadOnlyRootFilesystem { get; init; }
    public bool? AllowPrivilegeEscalation { get; init; }
    public ImmutableArray<string> AddCapabilities { get; init; } = [];
    public ImmutableArray<string> DropCapabilities { get; init; } = [];

    /// <summary><c>RuntimeDefault</c>, <c>Unconfined</c>, or <c>Localhost</c> with the profile after a slash; empty is the engine's default.</summary>
    public string SeccompProfile { get; init; } = "";
}

/// <summary>One container of a pod, ready to be made: every reference resolved, every default applied.</summary>
public sealed record ContainerSpec
{
    public required PodIdentity Pod { get; init; }
    public required string Name { get; init; }

    /// <summary>The restart count that this container will have.</summary>
    public int Attempt { get; init; }
    public required string Image { get; init; }

    /// <summary>The content id of the image, as <see cref="ImageState.Id"/>.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>The image's entry point is used when empty.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>The image's arguments are used when this and <see cref="Command"/> are empty.</summary>
    public ImmutableArray<string> Args { get; init; } = [];
    public string WorkingDirectory { get; init; } = "";
    public ImmutableArray<KeyValuePair<string, string>> Environment { get; init; } = [];
    public ImmutableArray<ContainerMount> Mounts { get; init; } = [];
    public bool Stdin { get; init; }
    public bool StdinOnce { get; init; }
    public bool Tty { get; init; }
    public ContainerResources Resources { get; init; } = new();
    public ContainerSecurity Security { get; init; } = new();
    public bool HostNetwork { get; init; }
    public bool HostPid { get; init; }
    public bool HostIpc { get; init; }
    public bool ShareProcessNamespace { get; init; }

    /// <summary>The running container whose processes an ephemeral one is to see; empty is none.</summary>
    public string TargetContainer { get; init; } = "";
}

/// <summary>Where a container is in its life.</summary>
public enum ContainerPhase
{
    Created,
    Running,
    Exited,
}

/// <summary>A container as its engine sees it.</summary>
public sealed record ContainerState
{
    public required string Id { get; init; }
    public required PodIdentity Pod { get; init; }
    public required string Name { get; init; }
    public int Attempt { get; init; }
    public required ContainerPhase Phase { get; init; }
    public string Image { get; init; } = "";
    public string ImageId { get; init; } = "";
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int ExitCode { get; init; }
    public bool OomKilled { get; init; }

    /// <summary>What the engine says about a failed start; empty otherwise.</summary>
    public string Error { get; init; } = "";
}

/// <summary>An image on the machine.</summary>
/// <param name="Id">Its content id.</param>
/// <param name="Names">Tags and digests by which it is known.</param>
/// <param name="SizeBytes">What it occupies.</param>
/// <param name="User">The user that it runs as by itself; empty is root.</param>
public sealed record ImageState(string Id, ImmutableArray<string> Names, long SizeBytes, string User = "");

/// <summary>How to be let in by an image registry.</summary>
public sealed record RegistryCredential(string Server, string Username, string Password);
