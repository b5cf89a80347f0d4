using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.PodSecurity;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

public sealed class PodSecurityTests
{
    private const string Hardened =
        "\"securityContext\":{\"runAsNonRoot\":true,\"seccompProfile\":{\"type\":\"RuntimeDefault\"}},\"containers\":[{\"name\":\"c\",\"securityContext\":{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}}}]";

    [Theory]
    [InlineData("\"containers\":[{\"name\":\"c\"}]", "")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"securityContext\":{\"privileged\":true}}]", "privileged (container \"c\" must not set securityContext.privileged=true)")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"securityContext\":{\"privileged\":true}},{\"name\":\"d\",\"securityContext\":{\"privileged\":true}}]", "privileged (containers \"c\", \"d\" must not set securityContext.privileged=true)")]
    [InlineData("\"hostNetwork\":true,\"hostPID\":true,\"hostIPC\":true,\"containers\":[]", "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)")]
    [InlineData("\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/\"}}],\"containers\":[]", "hostPath volumes (volume \"v\")")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"ports\":[{\"hostPort\":80},{\"hostPort\":0}]}]", "hostPort (container \"c\" uses hostPort 80)")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"securityContext\":{\"capabilities\":{\"add\":[\"NET_ADMIN\",\"CHOWN\",\"BPF\"]}}}]", "non-default capabilities (container \"c\" must not include \"BPF\", \"NET_ADMIN\" in securityContext.capabilities.add)")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"securityContext\":{\"procMount\":\"Unmasked\"}}]", "procMount (container \"c\" must not set securityContext.procMount to \"Unmasked\")")]
    [InlineData("\"securityContext\":{\"seccompProfile\":{\"type\":\"Unconfined\"}},\"containers\":[]", "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")")]
    [InlineData("\"securityContext\":{\"seLinuxOptions\":{\"type\":\"foo_t\",\"user\":\"u\"}},\"containers\":[]", "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type \"foo_t\"; user may not be set)")]
    [InlineData("\"securityContext\":{\"seLinuxOptions\":{\"type\":\"container_t\"}},\"containers\":[]", "")]
    [InlineData("\"securityContext\":{\"sysctls\":[{\"name\":\"kernel.msgmax\"},{\"name\":\"net.ipv4.tcp_syncookies\"}]},\"containers\":[]", "forbidden sysctls (kernel.msgmax)")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"securityContext\":{\"windowsOptions\":{\"hostProcess\":true}}}]", "hostProcess (container \"c\" must not set securityContext.windowsOptions.hostProcess=true)")]
    [InlineData("\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}},\"containers\":[]", "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")")]
    [InlineData("\"containers\":[],\"initContainers\":[{\"name\":\"i\",\"securityContext\":{\"privileged\":true}}],\"ephemeralContainers\":[{\"name\":\"e\",\"securityContext\":{\"privileged\":true}}]", "privileged (containers \"i\", \"e\" must not set securityContext.privileged=true)")]
    public void Baseline(string spec, string expected) => Assert.Equal(expected, Tell("baseline", LevelVersion.Latest, spec));

    [Theory]
    [InlineData(Hardened, "")]
    [InlineData("\"containers\":[{\"name\":\"c\"}]",
        "allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")")]
    [InlineData(Hardened + ",\"volumes\":[{\"name\":\"v\",\"nfs\":{}},{\"name\":\"w\",\"configMap\":{}}]", "restricted volume types (volume \"v\" uses restricted volume type \"nfs\")")]
    [InlineData(Hardened + ",\"volumes\":[{\"name\":\"v\",\"hostPath\":{}}]", "restricted volume types (volume \"v\" uses restricted volume type \"hostPath\")")]
    [InlineData("\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":0,\"seccompProfile\":{\"type\":\"Localhost\"}},\"containers\":[{\"name\":\"c\",\"securityContext\":{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"CHOWN\"]}}}]",
        "unrestricted capabilities (container \"c\" must not include \"CHOWN\" in securityContext.capabilities.add), runAsUser=0 (pod must not set runAsUser=0)")]
    [InlineData("\"securityContext\":{\"runAsNonRoot\":false,\"seccompProfile\":{\"type\":\"RuntimeDefault\"}},\"containers\":[{\"name\":\"c\",\"securityContext\":{\"runAsNonRoot\":true,\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}}}]",
        "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)")]
    [InlineData("\"os\":{\"name\":\"windows\"},\"securityContext\":{\"runAsNonRoot\":true},\"containers\":[{\"name\":\"c\"}]", "")]
    public void Restricted(string spec, string expected) => Assert.Equal(expected, Tell("restricted", LevelVersion.Latest, spec));

    [Theory]
    [InlineData(7, "runAsNonRoot")]
    [InlineData(18, "allowPrivilegeEscalation,runAsNonRoot")]
    [InlineData(21, "allowPrivilegeEscalation,runAsNonRoot,seccompProfile")]
    [InlineData(22, "allowPrivilegeEscalation,unrestricted,runAsNonRoot,seccompProfile")]
    public void Restricted_OfAnOlderVersion_HasItsChecksOnly(int minor, string expected) =>
        Assert.Equal(expected, string.Join(',', Evaluate("restricted", minor, "\"containers\":[{\"name\":\"c\"}]").Select(static v => v.Reason.Split(' ')[0])));

    [Theory]
    [InlineData("net.ipv4.tcp_rmem", 31, false)]
    [InlineData("net.ipv4.tcp_rmem", 32, true)]
    [InlineData("net.ipv4.ip_local_reserved_ports", 26, false)]
    [InlineData("net.ipv4.ip_local_reserved_ports", 27, true)]
    public void Sysctls_AreAllowedFromTheirVersion(string name, int minor, bool allowed) =>
        Assert.Equal(allowed, Evaluate("baseline", minor, $"\"securityContext\":{{\"sysctls\":[{{\"name\":\"{name}\"}}]}},\"containers\":[]").Count == 0);

    [Fact]
    public async Task Create_InRestrictedNamespace_IsForbidden_AndAWorkloadIsWarnedOf()
    {
        var fixture = new StoreFixture();
        Assert.Null((await fixture.CreateAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"default","labels":{"pod-security.kubernetes.io/enforce":"restricted","pod-security.kubernetes.io/enforce-version":"v1.18"}}}""")).Error);
        var refused = await fixture.CreateAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        Assert.Equal((403, "pods \"p\" is forbidden: violates PodSecurity \"restricted:v1.18\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true)"),
            (refused.Error!.Code, refused.Error.Message));

        var notes = new AdmissionNotes();
        Assert.Null((await fixture.CreateAsync(ResourceTypes.Deployments, "default",
            """{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""",
            new WriteOptions { Notes = notes })).Error);
        Assert.StartsWith("would violate PodSecurity \"restricted:v1.18\": allowPrivilegeEscalation", Assert.Single(notes.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespace_WithWrongLabels_IsInvalid_AndANewLevelTellsOfPodsThatAreThere()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("a");
        await fixture.PodAsync("b");
        var schema = fixture.Store.SchemaOf(ResourceTypes.Namespaces);
        var invalid = await LabelAsync("strict", null);
        Assert.Contains("metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted", invalid.Error!.Message, StringComparison.Ordinal);
        var notes = new AdmissionNotes();
        Assert.Null((await LabelAsync("restricted", notes)).Error);
        Assert.Equal(["existing pods in namespace \"default\" violate the new PodSecurity enforce level \"restricted:latest\"",
            "a (and 1 other pod): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"], notes.Warnings);

        Task<StoreResult> LabelAsync(string level, AdmissionNotes? to) => fixture.Store.PatchAsync(schema, new ObjectKey("", "default"), tree =>
        {
            tree["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"] = level;
            return (tree, null);
        }, "", new WriteOptions { Notes = to });
    }

    private static string Tell(string level, int minor, string spec) => PodSecurityStandards.Tell(Evaluate(level, minor, spec));

    private static List<PodSecurityViolation> Evaluate(string level, int minor, string spec) =>
        PodSecurityStandards.Evaluate(new LevelVersion(LevelVersion.ReadLevel(level)!.Value, minor), null, JsonNode.Parse("{" + spec + "}")!.AsObject());
}
