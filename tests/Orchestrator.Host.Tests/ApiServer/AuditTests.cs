using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Audit;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class AuditTests
{
    private const string Policy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: None
          users: ["system:kube-proxy"]
        - level: RequestResponse
          resources:
          - group: ""
            resources: ["configmaps"]
        - level: Request
          verbs: [create]
          resources:
          - group: ""
            resources: ["secrets", "pods/*"]
        - level: None
          nonResourceURLs: ["/healthz*"]
        - level: Metadata
        """;

    [Theory]
    [InlineData("system:kube-proxy", "GET", "/api/v1/pods", AuditLevel.None)]
    [InlineData("jane", "GET", "/api/v1/namespaces/a/configmaps/x", AuditLevel.RequestResponse)]
    [InlineData("jane", "POST", "/api/v1/namespaces/a/secrets", AuditLevel.Request)]
    [InlineData("jane", "GET", "/api/v1/namespaces/a/secrets", AuditLevel.Metadata)]
    [InlineData("jane", "POST", "/api/v1/namespaces/a/pods/x/eviction", AuditLevel.Request)]
    [InlineData("jane", "POST", "/api/v1/namespaces/a/pods", AuditLevel.Metadata)]
    [InlineData("jane", "GET", "/healthz/ping", AuditLevel.None)]
    [InlineData("jane", "GET", "/apis", AuditLevel.Metadata)]
    public void Policy_TheFirstRuleThatMatchesDecides(string user, string method, string path, AuditLevel level) =>
        Assert.Equal(level, AuditPolicy.Parse(Encoding.UTF8.GetBytes(Policy)).Decide(User(user), RequestInfo.Parse(method, path, false)).Level);

    [Theory]
    [InlineData("kind: Policy")]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy}")]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Everything}]}")]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, omitStages: [Now]}]}")]
    [InlineData("\t- : :")]
    public void Policy_ThatIsNone_IsRefused(string text) => Assert.Throws<FormatException>(() => AuditPolicy.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public async Task Log_HasBodiesButNeverSecrets_AndRotates()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-audit");
        var path = Path.Combine(folder.FullName, "audit.log");
        try
        {
            await using (var log = new AuditLog(new AuditTarget(path, AuditPolicy.Parse(Encoding.UTF8.GetBytes(Policy)), 1, 2), TimeProvider.System, NullLogger.Instance))
            {
                foreach (var resource in (string[])["configmaps", "secrets"])
                {
                    var context = new DefaultHttpContext();
                    context.Request.Path = $"/api/v1/namespaces/a/{resource}";
                    var request = RequestInfo.Parse("POST", context.Request.Path, false);
                    await log.BeginAsync(context, "id-1", request, User("jane"), User("jane"));
                    context.Features.Get<AuditRecord>()!.TakeRequest("""{"data":{"k":"dmFsdWU="}}"""u8);
                    await log.EndAsync(context);
                }
            }
            var lines = Directory.GetFiles(folder.FullName).SelectMany(File.ReadAllLines).Select(l => JsonNode.Parse(l)!).ToDictionary(l => (string)l["objectRef"]!["resource"]!);
            Assert.Equal("dmFsdWU=", (string?)lines["configmaps"]["requestObject"]!["data"]!["k"]);
            Assert.Null(lines["secrets"]["requestObject"]);
            Assert.Equal(("ResponseComplete", "jane", "create"), ((string?)lines["secrets"]["stage"], (string?)lines["secrets"]["user"]!["username"], (string?)lines["secrets"]["verb"]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static UserInfo User(string name) => new(name, "", ImmutableArray.Create(UserInfo.Authenticated));
}
