using System.Collections.Immutable;

namespace Orchestrator.Node.Runtime;

/// <summary>A port of a container that is published on the machine.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="HostIp">The address to listen on; empty is every address.</param>
public sealed record PortMapping(string Protocol, int ContainerPort, int HostPort, string HostIp);

/// <summary>Names that the pod's hosts file gives to an address.</summary>
public sealed record HostAlias(string Ip, ImmutableArray<string> Hostnames);

/// <summary>The pod's resolver, where it does not inherit the machine's.</summary>
public sealed record DnsSettings(ImmutableArray<string> Nameservers, ImmutableArray<string> Searches, ImmutableArray<string> Options);

/// <summary>Whose a sandbox or container is; every adapter stores this with what it makes, so that it can be adopted.</summary>
/// <param name="Epoch">The incarnation of the kubelet that made it: what an older one still tries is refused by number.</param>
public sealed record PodIdentity(string NodeName, string Namespace, string Name, string Uid, long Epoch);

/// <summary>What the containers of one pod share.</summary>
public sealed record SandboxSpec
{
    public required PodIdentity Pod { get; init; }
    public required string Hostname { get; init; }

    /// <summary>How many sandboxes this pod had before.</summary>
    public int Attempt { get; init; }
    public bool HostNetwork { get; init; }
    public bool HostPid { get; init; }
    public bool HostIpc { get; init; }
    public bool ShareProcessNamespace { get; init; }
    public ImmutableArray<PortMapping> Ports { get; init; } = [];
    public ImmutableArray<HostAlias> HostAliases { get; init; } = [];

    /// <summary>Null inherits the machine's resolver.</summary>
    public DnsSettings? Dns { get; init; }
    public ImmutableDictionary<string, string> Sysctls { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>A sandbox as its engine sees it.</summary>
/// <param name="Ip">The pod's address; empty when it has the machine's.</param>
public sealed record SandboxState(string Id, PodIdentity Pod, bool Running, string Ip, int Attempt, bool HostNetwork);
