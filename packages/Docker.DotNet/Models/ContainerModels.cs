using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

public class ContainersListParameters
{
    public bool? Size { get; set; }
    public bool? All { get; set; }
    public long? Limit { get; set; }
    public IDictionary<string, IDictionary<string, bool>> Filters { get; set; }
}

public class ContainerListResponse
{
    [JsonPropertyName("Id")] public string ID { get; set; }
    public IList<string> Names { get; set; }
    public string Image { get; set; }
    public string ImageID { get; set; }
    [JsonConverter(typeof(UnixTimeConverter))] public DateTime Created { get; set; }
    public IDictionary<string, string> Labels { get; set; }
    public string State { get; set; }
    public string Status { get; set; }
    public SummaryNetworkSettings NetworkSettings { get; set; }
}

public class SummaryNetworkSettings
{
    public IDictionary<string, EndpointSettings> Networks { get; set; }
}

public struct EmptyStruct;

public class Config
{
    public string Hostname { get; set; }
    public string Domainname { get; set; }
    public string User { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStdout { get; set; }
    public bool AttachStderr { get; set; }
    public IDictionary<string, EmptyStruct> ExposedPorts { get; set; }
    public bool Tty { get; set; }
    public bool OpenStdin { get; set; }
    public bool StdinOnce { get; set; }
    public IList<string> Env { get; set; }
    public IList<string> Cmd { get; set; }
    public string Image { get; set; }
    public string WorkingDir { get; set; }
    public IList<string> Entrypoint { get; set; }
    public IDictionary<string, string> Labels { get; set; }
    public string StopSignal { get; set; }
}

public class CreateContainerParameters : Config
{
    [JsonIgnore] public string Name { get; set; }
    [JsonIgnore] public string Platform { get; set; }
    public HostConfig HostConfig { get; set; }
}

public class CreateContainerResponse
{
    [JsonPropertyName("Id")] public string ID { get; set; }
    public IList<string> Warnings { get; set; }
}

public class HostConfig
{
    public IList<string> Binds { get; set; }
    public LogConfig LogConfig { get; set; }
    public string NetworkMode { get; set; }
    public IDictionary<string, IList<PortBinding>> PortBindings { get; set; }
    public RestartPolicy RestartPolicy { get; set; }
    public bool AutoRemove { get; set; }
    public IList<string> CapAdd { get; set; }
    public IList<string> CapDrop { get; set; }
    [JsonPropertyName("Dns")] public IList<string> DNS { get; set; }
    [JsonPropertyName("DnsOptions")] public IList<string> DNSOptions { get; set; }
    [JsonPropertyName("DnsSearch")] public IList<string> DNSSearch { get; set; }
    public IList<string> ExtraHosts { get; set; }
    public IList<string> GroupAdd { get; set; }
    public string IpcMode { get; set; }
    public long OomScoreAdj { get; set; }
    public string PidMode { get; set; }
    public bool Privileged { get; set; }
    public bool ReadonlyRootfs { get; set; }
    public IList<string> SecurityOpt { get; set; }
    public IDictionary<string, string> Tmpfs { get; set; }
    public string UTSMode { get; set; }
    public long ShmSize { get; set; }
    public IDictionary<string, string> Sysctls { get; set; }
    [JsonPropertyName("CpuShares")] public long CPUShares { get; set; }
    public long Memory { get; set; }
    [JsonPropertyName("NanoCpus")] public long NanoCPUs { get; set; }
    [JsonPropertyName("CpuPeriod")] public long CPUPeriod { get; set; }
    [JsonPropertyName("CpuQuota")] public long CPUQuota { get; set; }
    public long MemorySwap { get; set; }
    public long? PidsLimit { get; set; }
    public bool? Init { get; set; }
}

public class LogConfig
{
    public string Type { get; set; }
    public IDictionary<string, string> Config { get; set; }
}

public class PortBinding
{
    [JsonPropertyName("HostIp")] public string HostIP { get; set; }
    public string HostPort { get; set; }
}

public class RestartPolicy
{
    [JsonConverter(typeof(RestartPolicyKindConverter))] public RestartPolicyKind Name { get; set; }
    public long MaximumRetryCount { get; set; }
}

public enum RestartPolicyKind
{
    Undefined,
    No,
    Always,
    OnFailure,
    UnlessStopped,
}

public class ContainerInspectResponse
{
    [JsonPropertyName("Id")] public string ID { get; set; }
    public DateTime Created { get; set; }
    public ContainerState State { get; set; }
    public string Image { get; set; }
    public string LogPath { get; set; }
    public string Name { get; set; }
    public HostConfig HostConfig { get; set; }
    public Config Config { get; set; }
    public NetworkSettings NetworkSettings { get; set; }
}

public class ContainerState
{
    public string Status { get; set; }
    public bool Running { get; set; }
    public bool Paused { get; set; }
    public bool Restarting { get; set; }
    public bool OOMKilled { get; set; }
    public bool Dead { get; set; }
    public long Pid { get; set; }
    public long ExitCode { get; set; }
    public string Error { get; set; }
    public string StartedAt { get; set; }
    public string FinishedAt { get; set; }
}

public class NetworkSettings
{
    public string IPAddress { get; set; }
    public string Gateway { get; set; }
    public IDictionary<string, EndpointSettings> Networks { get; set; }
}

public class EndpointSettings
{
    public string NetworkID { get; set; }
    public string Gateway { get; set; }
    public string IPAddress { get; set; }
}

public class ContainerLogsParameters
{
    public bool? ShowStdout { get; set; }
    public bool? ShowStderr { get; set; }
    public string Since { get; set; }
    public string Until { get; set; }
    public bool? Timestamps { get; set; }
    public bool? Follow { get; set; }
    public string Tail { get; set; }
}

public class ContainerStartParameters
{
    public string DetachKeys { get; set; }
}

public class ContainerStopParameters
{
    public uint? WaitBeforeKillSeconds { get; set; }
}

public class ContainerKillParameters
{
    public string Signal { get; set; }
}

public class ContainerRemoveParameters
{
    public bool? RemoveVolumes { get; set; }
    public bool? RemoveLinks { get; set; }
    public bool? Force { get; set; }
}

public class ContainerResizeParameters
{
    public long? Height { get; set; }
    public long? Width { get; set; }
}

public class ContainerAttachParameters
{
    public bool? Stream { get; set; }
    public bool? Stdin { get; set; }
    public bool? Stdout { get; set; }
    public bool? Stderr { get; set; }
    public string DetachKeys { get; set; }
}

public class ContainerWaitResponse
{
    public long StatusCode { get; set; }
}

public class ContainerExecCreateParameters
{
    public string User { get; set; }
    public bool Privileged { get; set; }
    public bool Tty { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStderr { get; set; }
    public bool AttachStdout { get; set; }
    public bool Detach { get; set; }
    public IList<string> Env { get; set; }
    public string WorkingDir { get; set; }
    public IList<string> Cmd { get; set; }
}

public class ContainerExecCreateResponse
{
    [JsonPropertyName("Id")] public string ID { get; set; }
}

internal sealed class ContainerExecStartParameters
{
    public bool Detach { get; set; }
    public bool Tty { get; set; }
}

public class ContainerExecInspectResponse
{
    [JsonPropertyName("ID")] public string ExecID { get; set; }
    public string ContainerID { get; set; }
    public bool Running { get; set; }
    [JsonConverter(typeof(NullableNumberConverter))] public long ExitCode { get; set; }
    public long Pid { get; set; }
}
