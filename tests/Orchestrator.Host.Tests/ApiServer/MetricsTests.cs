using System.Globalization;
using System.Text;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>The names and labels that dashboards of Kubernetes ask for.</summary>
public sealed class MetricsTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Secrets = "/api/v1/namespaces/default/secrets";

    [Fact]
    public async Task Requests_AreCountedByVerbScopeAndCode()
    {
        await server.SendAsync(HttpMethod.Post, Secrets, """{"metadata":{"name":"a"}}""");
        await server.SendAsync(HttpMethod.Post, Secrets + "?dryRun=All", """{"metadata":{"name":"b"}}""");
        await server.SendAsync(HttpMethod.Put, Secrets + "/a", """{"metadata":{"name":"a"},"stringData":{"k":"v"}}""");
        await server.SendAsync(HttpMethod.Get, Secrets + "/a");
        await server.SendAsync(HttpMethod.Get, Secrets + "/none");
        await server.SendAsync(HttpMethod.Get, Secrets);
        await server.SendAsync(HttpMethod.Get, "/api/v1/secrets");
        await server.SendAsync(HttpMethod.Delete, Secrets);
        await server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/madeup/a");

        Assert.Equal(1, await ValueAsync("apiserver_request_total", "POST", "resource", code: 201));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "POST", "resource", code: 201, dryRun: "All"));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "PUT", "resource", code: 200));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "GET", "resource", code: 200));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "GET", "resource", code: 404));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "LIST", "namespace", code: 200));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "LIST", "cluster", code: 200));
        Assert.Equal(1, await ValueAsync("apiserver_request_total", "DELETECOLLECTION", "namespace", code: 200));
        foreach (var name in (string[])["apiserver_request_duration_seconds", "apiserver_request_sli_duration_seconds"])
            Assert.Equal(2, await ValueAsync(name + "_count", "GET", "resource"));
        Assert.Equal(2, await ValueAsync("apiserver_response_sizes_count", "GET", "resource"));
        Assert.True(await ValueAsync("apiserver_response_sizes_sum", "GET", "resource") > 100);
        var text = await TextAsync();
        Assert.DoesNotContain("madeup", text, StringComparison.Ordinal);
        Assert.Contains("apiserver_storage_objects{resource=\"secrets\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watches_AreCountedWhileTheyLast_AndTheirEvents()
    {
        const string Leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        const string Labels = "component=\"apiserver\",dry_run=\"\",group=\"coordination.k8s.io\",resource=\"leases\",scope=\"namespace\",subresource=\"\",verb=\"WATCH\",version=\"v1\"";
        using var request = new HttpRequestMessage(HttpMethod.Get, Leases + "?watch=1");
        using (var response = await server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            using var events = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
            await server.SendAsync(HttpMethod.Post, Leases, """{"metadata":{"name":"l"}}""");
            Assert.Contains("ADDED", await events.ReadLineAsync(), StringComparison.Ordinal);
            var text = await TextAsync();
            Assert.Contains($"apiserver_longrunning_requests{{{Labels}}} 1\n", text, StringComparison.Ordinal);
            Assert.Contains("apiserver_watch_events_total{group=\"coordination.k8s.io\",resource=\"leases\",version=\"v1\"} 1\n", text, StringComparison.Ordinal);
        }
    }

    private async Task<double> ValueAsync(string name, string verb, string scope, int? code = null, string dryRun = "")
    {
        var labels = $"component=\"apiserver\",dry_run=\"{dryRun}\",group=\"\",resource=\"secrets\",scope=\"{scope}\",subresource=\"\",verb=\"{verb}\",version=\"v1\"";
        var start = $"{name}{{{(code is null ? "" : $"code=\"{code}\",")}{labels}}} ";
        var line = (await TextAsync()).Split('\n').Single(l => l.StartsWith(start, StringComparison.Ordinal));
        return double.Parse(line[start.Length..], CultureInfo.InvariantCulture);
    }

    private Task<string> TextAsync() => server.Admin.GetStringAsync(new Uri("/metrics", UriKind.Relative));
}
