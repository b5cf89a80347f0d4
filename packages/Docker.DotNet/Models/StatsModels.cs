using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

public class ContainerStatsParameters
{
    /// <summary>Whether to go on reporting, about once a second, until cancelled or the container ends.</summary>
    public bool Stream { get; set; } = true;

    /// <summary>Without a stream: do not wait for a second sample, with which the engine would fill <see cref="ContainerStatsResponse.PreCPUStats"/>.</summary>
    public bool? OneShot { get; set; }
}

/// <summary>One sample of what a container uses. Of one that does not run, everything is zero and <see cref="Read"/> is the year 1.</summary>
public class ContainerStatsResponse
{
    [JsonPropertyName("read")] public DateTime Read { get; set; }
    [JsonPropertyName("preread")] public DateTime PreRead { get; set; }
    [JsonPropertyName("pids_stats")] public PidsStats PidsStats { get; set; }
    [JsonPropertyName("num_procs")] public uint NumProcs { get; set; }
    [JsonPropertyName("cpu_stats")] public CPUStats CPUStats { get; set; }
    [JsonPropertyName("precpu_stats")] public CPUStats PreCPUStats { get; set; }
    [JsonPropertyName("memory_stats")] public MemoryStats MemoryStats { get; set; }
    [JsonPropertyName("name")] public string Name { get; set; }
    [JsonPropertyName("id")] public string ID { get; set; }
}

public class PidsStats
{
    [JsonPropertyName("current")] public ulong Current { get; set; }
    [JsonPropertyName("limit")] public ulong Limit { get; set; }
}

public class CPUStats
{
    [JsonPropertyName("cpu_usage")] public CPUUsage CPUUsage { get; set; }
    [JsonPropertyName("system_cpu_usage")] public ulong SystemUsage { get; set; }
    [JsonPropertyName("online_cpus")] public uint OnlineCPUs { get; set; }
    [JsonPropertyName("throttling_data")] public ThrottlingData ThrottlingData { get; set; }
}

/// <summary>Processor time in nanoseconds.</summary>
public class CPUUsage
{
    [JsonPropertyName("total_usage")] public ulong TotalUsage { get; set; }
    [JsonPropertyName("percpu_usage")] public IList<ulong> PercpuUsage { get; set; }
    [JsonPropertyName("usage_in_kernelmode")] public ulong UsageInKernelmode { get; set; }
    [JsonPropertyName("usage_in_usermode")] public ulong UsageInUsermode { get; set; }
}

public class ThrottlingData
{
    [JsonPropertyName("periods")] public ulong Periods { get; set; }
    [JsonPropertyName("throttled_periods")] public ulong ThrottledPeriods { get; set; }
    [JsonPropertyName("throttled_time")] public ulong ThrottledTime { get; set; }
}

/// <summary>Memory in bytes; <see cref="Stats"/> has what the kernel's memory.stat of the control group tells, by its names.</summary>
public class MemoryStats
{
    [JsonPropertyName("usage")] public ulong Usage { get; set; }
    [JsonPropertyName("max_usage")] public ulong MaxUsage { get; set; }
    [JsonPropertyName("stats")] public IDictionary<string, ulong> Stats { get; set; }
    [JsonPropertyName("failcnt")] public ulong Failcnt { get; set; }
    [JsonPropertyName("limit")] public ulong Limit { get; set; }
}
