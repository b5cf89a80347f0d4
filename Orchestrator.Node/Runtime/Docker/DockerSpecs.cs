using System.Collections.Immutable;
using System.Globalization;
using Docker.DotNet.Models;

namespace Orchestrator.Node.Runtime.Docker;

/// <summary>Puts sandboxes and containers into the words of the engine.</summary>
internal static class DockerSpecs
{
    /// <summary>The period over which a CPU limit is enforced, in microseconds; the kernel's and Kubernetes' default.</summary>
    private const long CpuPeriodMicros = 100_000;

    public static CreateContainerParameters Sandbox(SandboxSpec spec, string owner)
    {
        var labels = DockerLabels.Of(spec.Pod, owner, DockerLabels.Sandbox, spec.Attempt);
        labels[DockerLabels.HostNetwork] = spec.HostNetwork ? "true" : "false";
        var ports = spec.HostNetwork ? [] : spec.Ports.Where(p => p.HostPort > 0).ToList();
        return new CreateContainerParameters
        {
            Name = $"k8s_POD_{spec.Pod.Name}_{spec.Pod.Namespace}_{spec.Pod.Uid}_{spec.Attempt}",
            Image = $"{PauseImage.Name}:{PauseImage.Tag}",
            Hostname = spec.HostNetwork ? null : spec.Hostname,
            Labels = labels,
            ExposedPorts = ports.ToDictionary(PortName, _ => default(EmptyStruct)),
            HostConfig = new HostConfig
            {
                NetworkMode = spec.HostNetwork ? "host" : "default",
                IpcMode = spec.HostIpc ? "host" : "shareable",
                PidMode = spec.HostPid ? "host" : null,
                CPUShares = 2,
                OomScoreAdj = OomScore.Allowed(-998), // the sandbox is the last of a pod to be killed
                PortBindings = ports.GroupBy(PortName).ToDictionary(
                    g => g.Key,
                    IList<PortBinding> (g) => [.. g.Select(p => new PortBinding { HostIP = p.HostIp, HostPort = p.HostPort.ToString(CultureInfo.InvariantCulture) })]),
                ExtraHosts = [.. spec.HostAliases.SelectMany(a => a.Hostnames.Select(h => $"{h}:{a.Ip}"))],
                DNS = spec.Dns is { Nameservers.IsEmpty: false } dns ? [.. dns.Nameservers] : null,
                DNSSearch = spec.Dns is { Searches.IsEmpty: false } searches ? [.. searches.Searches] : null,
                DNSOptions = spec.Dns is { Options.IsEmpty: false } options ? [.. options.Options] : null,
                Sysctls = spec.Sysctls.IsEmpty ? null : spec.Sysctls.ToDictionary(),
                LogConfig = Logs(),
            },
        };
    }

    private static string PortName(PortMapping port) =>
        string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol.ToLowerInvariant()}");

    public static CreateContainerParameters Container(SandboxState sandbox, ContainerSpec spec, string owner)
    {
        var labels = DockerLabels.Of(spec.Pod, owner, DockerLabels.Container, spec.Attempt);
        labels[DockerLabels.ContainerName] = spec.Name;
        labels[DockerLabels.ImageName] = spec.Image;
        return new CreateContainerParameters
        {
            Name = $"k8s_{spec.Name}_{spec.Pod.Name}_{spec.Pod.Namespace}_{spec.Pod.Uid}_{spec.Attempt}",
            Image = spec.ImageId.Length > 0 ? spec.ImageId : spec.Image,
            Entrypoint = spec.Command.IsEmpty ? null : [.. spec.Command],
            Cmd = spec.Args.IsEmpty ? null : [.. spec.Args],
            WorkingDir = spec.WorkingDirectory.Length > 0 ? spec.WorkingDirectory : null,
            Env = [.. spec.Environment.Select(e => $"{e.Key}={e.Value}")],
            Tty = spec.Tty,
            OpenStdin = spec.Stdin,
            StdinOnce = spec.StdinOnce,
            User = UserOf(spec.Security),
            Labels = labels,
            HostConfig = Host(sandbox, spec),
        };
    }

    private static HostConfig Host(SandboxState sandbox, ContainerSpec spec)
    {
        var shared = $"container:{sandbox.Id}";
        var limit = spec.Resources.CpuLimitMilli;
        return new HostConfig
        {
            NetworkMode = spec.HostNetwork ? "host" : shared,
            IpcMode = spec.HostIpc ? "host" : shared,
            PidMode = spec.HostPid ? "host" : spec.ShareProcessNamespace ? shared : null,
            UTSMode = spec.HostNetwork ? "host" : null,
            Binds = [.. spec.Mounts.Select(Bind)],
            CPUShares = spec.Resources.CpuShares,
            CPUPeriod = limit > 0 ? CpuPeriodMicros : 0,
            CPUQuota = limit > 0 ? Math.Max(1000, limit * CpuPeriodMicros / 1000) : 0,
            Memory = spec.Resources.MemoryLimitBytes,
            MemorySwap = spec.Resources.MemoryLimitBytes, // equal: no swap on top
            OomScoreAdj = OomScore.Allowed(spec.Resources.OomScoreAdj),
            Privileged = spec.Security.Privileged,
            ReadonlyRootfs = spec.Security.ReadOnlyRootFilesystem,
            CapAdd = [.. spec.Security.AddCapabilities],
            CapDrop = [.. spec.Security.DropCapabilities],
            GroupAdd = [.. spec.Security.SupplementalGroups.Select(g => g.ToString(CultureInfo.InvariantCulture))],
            SecurityOpt = SecurityOptions(spec.Security),
            LogConfig = Logs(),
        };
    }

    private static string? UserOf(ContainerSecurity security)
    {
        if (security.RunAsUser is not { } user) return security.RunAsGroup is { } only ? $"0:{only}" : null;
        return security.RunAsGroup is { } group ? $"{user}:{group}" : user.ToString(CultureInfo.InvariantCulture);
    }

    private static string Bind(ContainerMount mount)
    {
        var options = new List<string> { mount.ReadOnly ? "ro" : "rw" };
        if (mount.Propagation == "HostToContainer") options.Add("rslave");
        else if (mount.Propagation == "Bidirectional") options.Add("rshared");
        return $"{mount.HostPath}:{mount.ContainerPath}:{string.Join(',', options)}";
    }

    private static List<string> SecurityOptions(ContainerSecurity security)
    {
        var options = new List<string>();
        if (security.AllowPrivilegeEscalation == false && !security.Privileged) options.Add("no-new-privileges");
        if (security.SeccompProfile == "Unconfined") options.Add("seccomp=unconfined");
        return options;
    }

    // The engine's own default keeps every log for ever; these are the kubelet's bounds (10Mi, 5 files).
    private static LogConfig Logs() => new()
    {
        Type = "json-file",
        Config = new Dictionary<string, string> { ["max-size"] = "10m", ["max-file"] = "5" },
    };

    public static IDictionary<string, IDictionary<string, bool>> Filters(string nodeName, string owner, string? kind = null, params ImmutableArray<(string Name, string Value)> more)
    {
        var labels = new Dictionary<string, bool> { [$"{DockerLabels.Node}={nodeName}"] = true, [$"{DockerLabels.Owner}={owner}"] = true };
        if (kind is not null) labels[$"{DockerLabels.Kind}={kind}"] = true;
        var filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = labels };
        foreach (var (name, value) in more) filters[name] = new Dictionary<string, bool> { [value] = true };
        return filters;
    }
}
