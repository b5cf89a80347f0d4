using System.Collections.Immutable;
using System.Net;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Host.ApiServer.Audit;

namespace Orchestrator.Host.Processes;

/// <summary>Which container runtime a node uses.</summary>
public enum RuntimeKind
{
    /// <summary>Docker Engine where its socket answers, host processes otherwise.</summary>
    Auto,
    Docker,
    Process,
    Hollow,
}

/// <summary>Where the journal lives.</summary>
public abstract record JournalLocation
{
    /// <param name="File">The database file; several seeds on one machine may share it.</param>
    public sealed record Sqlite(string File) : JournalLocation;

    /// <param name="ConnectionString">As Npgsql takes it.</param>
    public sealed record PostgreSql(string ConnectionString) : JournalLocation;
}

/// <summary>What the command line asks of a process that is a member of the cluster.</summary>
public sealed record ProcessSettings
{
    public required string DataDirectory { get; init; }

    /// <summary>Whether the process hosts the API server, registries, controllers and a scheduler candidate.</summary>
    public required bool ControlPlane { get; init; }

    /// <summary>Whether the process hosts a kubelet.</summary>
    public required bool Node { get; init; }

    /// <summary>Where the API server listens; port 0 is picked.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 6443);

    /// <summary>Where remoting listens; port 0 is picked.</summary>
    public required IPEndPoint Remoting { get; init; }

    /// <summary>Remoting addresses of members to join; empty forms a new cluster, or joins the one of an earlier start.</summary>
    public ImmutableArray<IPEndPoint> Join { get; init; } = [];

    /// <summary>Null is the SQLite file of the data directory.</summary>
    public JournalLocation? Journal { get; init; }

    public string NodeName { get; init; } = "";
    public RuntimeKind Runtime { get; init; }

    /// <summary>How many simulated nodes the process hosts (count); 0 for one real node.</summary>
    public int Hollow { get; init; }

    /// <summary>Who is let in, and who may do what.</summary>
    public AccessSettings Access { get; init; } = new();

    /// <summary>The names of the admission plugins that are on.</summary>
    public ImmutableHashSet<string> AdmissionPlugins { get; init; } = Actors.Admission.AdmissionPlugins.Default;

    /// <summary>What Services are given addresses and node ports of.</summary>
    public ServiceRanges Services { get; init; } = ServiceRanges.Default;

    /// <summary>Where audit events go; null for nowhere.</summary>
    public AuditTarget? Audit { get; init; }

    /// <summary>How many requests the API server carries out at one time (count).</summary>
    public int RequestsMax { get; init; } = 600;

    /// <summary>How long a request may take that is no watch and no stream.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>HOCON that overrides the shipped files.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Allows remoting without TLS on an address that is not loopback.</summary>
    public bool Insecure { get; init; }
}

/// <summary>What the command line asks of a shell.</summary>
public sealed record ShellSettings
{
    public required IPEndPoint Connect { get; init; }
    public required ImmutableArray<string> Command { get; init; }
    public string Output { get; init; } = "table";
    public string? ConfigFile { get; init; }
}
