using System.Net;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Audit;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server whose policy wants everything.</summary>
public sealed class AuditedServer : ApiServerFixture
{
    private static readonly byte[] Policy = Encoding.UTF8.GetBytes("{apiVersion: audit.k8s.io/v1, kind: Policy, omitStages: [RequestReceived], rules: [{level: RequestResponse}]}");

    /// <summary>Where the events go; deleted by the test that reads them.</summary>
    public string Log { get; } = Path.GetTempFileName();

    protected override ApiServerOptions Configure(ApiServerOptions options) => options with { Audit = new AuditTarget(Log, AuditPolicy.Parse(Policy), 0, 0) };
}

public sealed class AuditedAnswersTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    [Fact]
    public async Task Answer_IsRecordedInWhateverFormItIsGiven()
    {
        // Its log is complete once it has ended.
        var server = new AuditedServer();
        await server.InitializeAsync();
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"x"}}""")).Code);
        foreach (var accept in (string[])["application/json", "application/yaml", Protobuf])
            foreach (var path in (string[])[$"{Maps}/x", Maps, $"{Maps}/none"])
                await server.GetAsync(path, accept);
        await server.DisposeAsync();

        var events = (await File.ReadAllLinesAsync(server.Log)).Select(static l => JsonNode.Parse(l)!.AsObject())
            .Where(static e => (string?)e["objectRef"]?["resource"] == "configmaps").ToList();
        File.Delete(server.Log);
        Assert.Equal(10, events.Count);
        Assert.All(events, static e => Assert.Equal(((string?)e["verb"], (string?)e["objectRef"]!["name"]) switch
        {
            ("list", _) => "ConfigMapList",
            (_, "none") => "Status",
            _ => "ConfigMap",
        }, (string?)e["responseObject"]?["kind"]));
    }
}
