using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer.ResourceMetrics;

/// <summary>metrics.k8s.io as kubectl top asks for it.</summary>
public sealed class ResourceMetricsTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Nodes = "/apis/metrics.k8s.io/v1beta1/nodes";
    private const string Pods = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods";

    private long _asked;

    [Fact]
    public async Task Metrics_OfNodesAndPods()
    {
        await EnsureNodeAsync("m1", "10.0.0.1");
        await EnsureNodeAsync("m2", "10.0.0.2");
        await EnsurePodAsync("whole", "m1", "c", "sidecar");
        await EnsurePodAsync("half", "m1", "c", "unmeasured");
        await EnsurePodAsync("away", "m2", "c");
        server.Node.Answer = Answer;

        var list = await server.GetAsync(Nodes);
        var one = await server.GetAsync($"{Nodes}/m1");
        var pods = await server.GetAsync(Pods);
        var selected = await server.GetAsync($"{Pods}?labelSelector=app=whole");
        var others = await server.GetAsync($"{Pods}?labelSelector=app%21%3Dwhole");
        var table = await server.GetAsync(Pods, "application/json;as=Table;v=v1;g=meta.k8s.io");
        var protobuf = await server.GetAsync($"{Nodes}/m1", "application/vnd.kubernetes.protobuf");

        // A node that cannot be asked is not in the list, and not found by its name.
        Assert.Equal(["m1"], Names(list.Json));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"{Nodes}/m2")).Code);
        Assert.Equal("nodes.metrics.k8s.io \"none\" not found", (string?)(await server.GetAsync($"{Nodes}/none")).Json!["message"]);
        Assert.Equal(("NodeMetrics", "metrics.k8s.io/v1beta1", "m1"), ((string?)one.Json!["kind"], (string?)one.Json["apiVersion"], (string?)one.Json["metadata"]!["name"]));
        Assert.Equal("1Gi", (string?)one.Json["usage"]!["memory"]);
        // Half a core of node and container, as the clock of the test allows.
        Assert.InRange(Cores(one.Json["usage"]!), 0.2, 0.6);
        Assert.EndsWith("s", (string?)one.Json["window"], StringComparison.Ordinal);

        // A pod of which a container is not measured would look smaller than it is.
        Assert.Equal(["whole"], Names(pods.Json));
        var containers = pods.Json!["items"]![0]!["containers"]!.AsArray();
        Assert.Equal(["c", "sidecar"], containers.Select(static c => (string?)c!["name"]));
        Assert.Equal("16Mi", (string?)containers[0]!["usage"]!["memory"]);
        Assert.Equal(["whole"], Names(selected.Json));
        Assert.Empty(Names(others.Json));
        Assert.Equal(["Name", "CPU", "Memory", "Window"], table.Json!["columnDefinitions"]!.AsArray().Select(static c => (string?)c!["name"]));
        Assert.Equal("32Mi", (string?)table.Json["rows"]![0]!["cells"]![2]);
        Assert.StartsWith("k8s\0", protobuf.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", Nodes)]
    [InlineData("DELETE", $"{Nodes}/m1")]
    [InlineData("GET", $"{Nodes}?watch=true")]
    public async Task Metrics_CanOnlyBeRead(string method, string path) =>
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.SendAsync(new HttpMethod(method), path, method == "POST" ? "{}" : null)).Code);

    // Node m1 has used half a second more each time that it is asked, which is at least a second after the last time.
    private HttpResponseMessage Answer(HttpRequestMessage request)
    {
        if (request.RequestUri!.Host != "10.0.0.1") throw new HttpRequestException("no route to host");
        Assert.Equal("/stats/summary", request.RequestUri.AbsolutePath);
        Assert.Equal("m1", request.Headers.GetValues("X-Node-Name").Single());
        var nanos = Interlocked.Increment(ref _asked) * 500_000_000;
        string Container(string name) => $$$"""{"name":"{{{name}}}","cpu":{"usageCoreNanoSeconds":{{{nanos}}}},"memory":{"workingSetBytes":16777216}}""";
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent($$$"""
                {"node":{"cpu":{"usageCoreNanoSeconds":{{{nanos}}}},"memory":{"workingSetBytes":1073741824}},"pods":[
                  {"podRef":{"name":"whole","namespace":"default"},"containers":[{{{Container("c")}}},{{{Container("sidecar")}}}]},
                  {"podRef":{"name":"half","namespace":"default"},"containers":[{{{Container("c")}}},{"name":"unmeasured"}]}]}
                """),
        };
    }

    private static double Cores(JsonNode usage) => Orchestrator.Actors.Resources.Quantity.Parse((string)usage["cpu"]!).Milli / 1000.0;

    private static IEnumerable<string?> Names(JsonNode? list) => list!["items"]!.AsArray().Select(static o => (string?)o!["metadata"]!["name"]);

    private async Task EnsureNodeAsync(string name, string ip)
    {
        await server.SendAsync(HttpMethod.Post, "/api/v1/nodes", $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        await server.SendAsync(HttpMethod.Put, $"/api/v1/nodes/{name}/status",
            $$$$"""{"metadata":{"name":"{{{{name}}}}"},"status":{"addresses":[{"type":"InternalIP","address":"{{{{ip}}}}"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250} } } }""");
    }

    private async Task EnsurePodAsync(string name, string node, params string[] containers)
    {
        var specs = string.Join(',', containers.Select(static c => $$$"""{"name":"{{{c}}}","image":"i"}"""));
        var statuses = string.Join(',', containers.Select(static c => $$$$"""{"name":"{{{{c}}}}","image":"i","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}}"""));
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods",
            $$$"""{"metadata":{"name":"{{{name}}}","labels":{"app":"{{{name}}}"}},"spec":{"nodeName":"{{{node}}}","containers":[{{{specs}}}]}}""");
        await server.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/default/pods/{name}/status", $$$"""{"status":{"phase":"Running","containerStatuses":[{{{statuses}}}]}}""", "application/merge-patch+json");
    }
}
