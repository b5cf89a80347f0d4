using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Orchestrator.Node.Kubelet;

/// <summary>What is to be known of a node before it can be given work.</summary>
public sealed record NodeFacts
{
    public required string Name { get; init; }
    public required string Address { get; init; }
    public string Hostname { get; init; } = "";

    /// <summary>Where the node's HTTPS endpoint for logs and exec listens; 0 when there is none.</summary>
    public int EndpointPort { get; init; }
    public required long CpuMilli { get; init; }
    public required long MemoryBytes { get; init; }
    public required long StorageBytes { get; init; }

    /// <summary>Most pods at a time (count).</summary>
    /// <remarks>Source: kubelet, maxPods = 110.</remarks>
    public int PodsMax { get; init; } = 110;
    public string Architecture { get; init; } = "";
    public string KernelVersion { get; init; } = "";
    public string OsImage { get; init; } = "";
    public string MachineId { get; init; } = "";
    public string BootId { get; init; } = "";
    public required string RuntimeVersion { get; init; }
    public required string KubeletVersion { get; init; }
    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Annotations that the node's object carries besides those of others.</summary>
    public ImmutableDictionary<string, string> Annotations { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Memory that pods are not given, so that the machine itself keeps some (bytes).</summary>
    /// <remarks>Source: kubelet, the hard eviction threshold memory.available = 100Mi.</remarks>
    public long ReservedMemoryBytes { get; init; } = 100L << 20;

    /// <summary>Reads the facts of this machine.</summary>
    /// <param name="dataDirectory">A directory on the file system that pods will fill.</param>
    public static NodeFacts OfThisMachine(string name, string runtimeVersion, string kubeletVersion, int endpointPort, string dataDirectory) => new()
    {
        Name = name,
        Address = MachineAddress(),
        Hostname = Dns.GetHostName(),
        EndpointPort = endpointPort,
        CpuMilli = Environment.ProcessorCount * 1000L,
        MemoryBytes = MemoryTotal(),
        StorageBytes = new DriveInfo(Path.GetFullPath(dataDirectory)).TotalSize,
        Architecture = RuntimeInformation.OSArchitecture switch { System.Runtime.InteropServices.Architecture.Arm64 => "arm64", _ => "amd64" },
        KernelVersion = ReadLine("/proc/sys/kernel/osrelease"),
        OsImage = OsName(),
        MachineId = ReadLine("/etc/machine-id"),
        BootId = ReadLine("/proc/sys/kernel/random/boot_id"),
        RuntimeVersion = runtimeVersion,
        KubeletVersion = kubeletVersion,
    };

    /// <summary>The address by which other machines reach this one; loopback when it has no other.</summary>
    public static string MachineAddress()
    {
        var addresses =
            from network in NetworkInterface.GetAllNetworkInterfaces()
            where network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback
            // Bridges of container engines are up too, but nobody else reaches them.
            where !network.Name.StartsWith("docker", StringComparison.Ordinal) && !network.Name.StartsWith("br-", StringComparison.Ordinal)
                && !network.Name.StartsWith("veth", StringComparison.Ordinal) && !network.Name.StartsWith("cni", StringComparison.Ordinal)
            from address in network.GetIPProperties().UnicastAddresses
            where address.Address.AddressFamily == AddressFamily.InterNetwork
            select address.Address.ToString();
        return addresses.FirstOrDefault() ?? IPAddress.Loopback.ToString();
    }

    private static long MemoryTotal()
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemTotal:", StringComparison.Ordinal)) ?? "";
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * 1024 : 0;
    }

    private static string OsName()
    {
        if (!File.Exists("/etc/os-release")) return "Linux";
        var line = File.ReadLines("/etc/os-release").FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
        return line is null ? "Linux" : line["PRETTY_NAME=".Length..].Trim('"');
    }

    private static string ReadLine(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
