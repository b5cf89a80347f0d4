using Orchestrator.Actors.Authorization;
using Orchestrator.Host.ApiServer.Audit;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

/// <summary>Files of a start are read before the process joins anybody.</summary>
public sealed class AccessFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("files").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FileThatIsWrong_IsNamedWithItsFlag()
    {
        var broken = Write("broken", "kind: Nothing");
        foreach (var (flag, settings) in (IEnumerable<(string, AccessSettings)>)
        [
            ("--authentication-config", new AccessSettings { AuthenticationFile = broken }),
            ("--authorization-config", new AccessSettings { AuthorizationFile = broken }),
            ("--authorization-webhook-config-file", new AccessSettings { Authorization = AuthorizationConfiguration.Of(["Webhook"], new AuthorizationWebhook { KubeConfigFile = broken }) }),
            ("--authorization-webhook-config-file", new AccessSettings { Authorization = AuthorizationConfiguration.Of(["Webhook"], new AuthorizationWebhook()) }),
            ("--token-auth-file", new AccessSettings { TokenAuthFile = broken }),
            ("--token-auth-file", new AccessSettings { TokenAuthFile = broken + "-none" }),
            ("--authentication-token-webhook-config-file", new AccessSettings { TokenWebhookFile = broken }),
            ("--client-ca-file", new AccessSettings { ClientCaFile = broken }),
            ("--requestheader-client-ca-file", new AccessSettings { FrontProxyCaFile = broken }),
        ])
            Assert.StartsWith(flag + ": ", Assert.Throws<StartException>(() => AccessFiles.Read(settings, TimeProvider.System)).Message, StringComparison.Ordinal);
    }

    /// <summary>None of these gets as far as to look for the member that it should join, which nobody is.</summary>
    [Fact]
    public async Task ProcessWhoseFilesAreWrong_DoesNotJoin()
    {
        var broken = Write("broken", "kind: Nothing");
        var good = Settings();
        foreach (var (settings, said) in (IEnumerable<(ProcessSettings, string)>)
        [
            (good with { Access = new AccessSettings { AuthenticationFile = broken } }, "--authentication-config: "),
            (good with { Access = new AccessSettings { TokenAuthFile = broken } }, "--token-auth-file: "),
            (good with { ConfigFile = Write("hocon", "orchestrator.admission.pod-security.defaults.enforce = none") }, "The configuration under orchestrator.admission.pod-security is not valid: "),
            (good with { Audit = new AuditTarget(Path.Combine(_folder, "none", "audit.log"), AuditPolicy.Metadata, 0, 0) }, "--audit-log-path: "),
        ])
        {
            var refused = await Assert.ThrowsAsync<StartException>(() => MemberProcess.RunAsync(settings, TextWriter.Null, default));
            Assert.StartsWith(said, refused.Message, StringComparison.Ordinal);
        }
    }

    private ProcessSettings Settings() => new()
    {
        DataDirectory = Path.Combine(_folder, "data"),
        ControlPlane = true,
        Node = false,
        Remoting = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
        Join = [new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1)],
    };

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
