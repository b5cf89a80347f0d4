using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Turns manifests into what the runtime is told.</summary>
public static class ContainerSpecs
{
    private const long MinShares = 2;
    private const long SharesPerCore = 1024;

    /// <summary>Longest host name that the kernel takes (characters).</summary>
    private const int HostnameMax = 63;

    public static SandboxSpec Sandbox(PodManifest pod, PodIdentity identity, int attempt, string machineName) => new()
    {
        Pod = identity,
        Hostname = HostnameOf(pod, machineName),
        Attempt = attempt,
        HostNetwork = pod.HostNetwork,
        HostPid = pod.HostPid,
        HostIpc = pod.HostIpc,
        ShareProcessNamespace = pod.ShareProcessNamespace,
        Ports = [.. pod.InitContainers.Where(c => c.Sidecar).Concat(pod.Containers)
            .SelectMany(c => c.Ports).Where(p => p.HostPort > 0)
            .Select(p => new PortMapping(p.Protocol, p.ContainerPort, p.HostPort, p.HostIp))],
        HostAliases = pod.HostAliases,
        Dns = pod.DnsPolicy == "None" ? pod.DnsConfig : pod.DnsConfig is { } more ? more with { Nameservers = more.Nameservers } : null,
        Sysctls = pod.Security.Sysctls,
    };

    private static string HostnameOf(PodManifest pod, string machineName)
    {
        if (pod.HostNetwork) return machineName;
        var name = pod.Hostname.Length > 0 ? pod.Hostname : pod.Meta.Name;
        return name.Length <= HostnameMax ? name : name[..HostnameMax].TrimEnd('-', '.');
    }

    public static ContainerSpec Container(
        PodManifest pod, ContainerManifest container, PodIdentity identity, int attempt, ImageState image,
        ImmutableArray<KeyValuePair<string, string>> environment, ImmutableArray<ContainerMount> mounts, long machineMemoryBytes)
    {
        var variables = environment.ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);
        string Expand(string text) => VariableExpansion.Expand(text, name => variables.GetValueOrDefault(name));
        return new ContainerSpec
        {
            Pod = identity,
            Name = container.Name,
            Attempt = attempt,
            Image = container.Image,
            ImageId = image.Id,
            Command = [.. container.Command.Select(Expand)],
            Args = [.. container.Args.Select(Expand)],
            WorkingDirectory = container.WorkingDirectory,
            Environment = environment,
            Mounts = mounts,
            Stdin = container.Stdin,
            StdinOnce = container.StdinOnce,
            Tty = container.Tty,
            Resources = Resources(pod, container, machineMemoryBytes),
            Security = container.Security,
            HostNetwork = pod.HostNetwork,
            HostPid = pod.HostPid,
            HostIpc = pod.HostIpc,
            ShareProcessNamespace = pod.ShareProcessNamespace,
            TargetContainer = container.TargetContainer,
        };
    }

    /// <summary>Requests and limits as a control group has them.</summary>
    /// <remarks>Source: kubelet, MilliCPUToShares and GetContainerOOMScoreAdjust.</remarks>
    public static ContainerResources Resources(PodManifest pod, ContainerManifest container, long machineMemoryBytes)
    {
        var limit = Quantity.ParseOrZero(container.Limits.GetValueOrDefault("cpu", "0")).Milli;
        var request = container.Requests.TryGetValue("cpu", out var cpu) ? Quantity.ParseOrZero(cpu).Milli : limit;
        var memoryLimit = Quantity.ParseOrZero(container.Limits.GetValueOrDefault("memory", "0")).Units;
        var memoryRequest = container.Requests.TryGetValue("memory", out var memory) ? Quantity.ParseOrZero(memory).Units : memoryLimit;
        return new ContainerResources
        {
            CpuShares = Math.Max(MinShares, request * SharesPerCore / 1000),
            CpuLimitMilli = limit,
            MemoryLimitBytes = memoryLimit,
            OomScoreAdj = QosClass.Of(pod) switch
            {
                "Guaranteed" => -997,
                "BestEffort" => 1000,
                _ => machineMemoryBytes <= 0 ? 999 : (int)Math.Clamp(1000 - 1000 * memoryRequest / machineMemoryBytes, 3, 999),
            },
        };
    }
}
