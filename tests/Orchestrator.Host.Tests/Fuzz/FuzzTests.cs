using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.Tests.ApiServer;
using Xunit.Abstractions;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>No request brings a fault of the server, and what it stores is whole. The benchmark project runs 100,000 against a process.</summary>
public sealed class FuzzTests(ApiServerFixture server, ITestOutputHelper output) : IClassFixture<ApiServerFixture>
{
    private const int Requests = 4000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NearlyRightRequests_NeverMeetAFault(int seed)
    {
        var fuzzer = new RequestFuzzer(seed, () => server.Catalog);
        var codes = new SortedDictionary<int, int>();
        var faults = new List<string>();
        for (var i = 0; i < Requests; i++)
        {
            using var request = fuzzer.Next();
            var line = $"{i}: {request.Method} {request.RequestUri}";
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync();
            using var response = await server.Admin.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            codes[(int)response.StatusCode] = codes.GetValueOrDefault((int)response.StatusCode) + 1;
            if (response.StatusCode == HttpStatusCode.InternalServerError) faults.Add($"{line} ({request.Content?.Headers.ContentType})\n   {body}\n   {server.Faults.Take()?.ToString() ?? text}");
        }
        output.WriteLine(string.Join(", ", codes.Select(c => $"{c.Key}: {c.Value}")));
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n" + string.Join('\n', faults.Take(10)));
        Assert.True(codes[201] > Requests / 100, "most requests got nowhere");
        await NothingStoredIsGarbageAsync();
    }

    /// <summary>Whatever was let in can be read, and written back as it is.</summary>
    private async Task NothingStoredIsGarbageAsync()
    {
        var garbage = new List<string>();
        // Events are told by two groups with rules of their own, and one that came in by the one may not pass the other's.
        foreach (var schema in server.Catalog.Resources.Where(r => r.Verbs.Contains("list") && r.Verbs.Contains("update") && r.Plural != "events"))
        {
            var root = schema.Group.Length == 0 ? $"/api/{schema.Version}" : $"/apis/{schema.Group}/{schema.Version}";
            var list = (await server.GetAsync($"{root}/{schema.Plural}")).Json!;
            foreach (var item in list["items"]!.AsArray())
            {
                var meta = item!["metadata"]!;
                var name = Uri.EscapeDataString((string)meta["name"]!);
                var path = schema.Namespaced ? $"{root}/namespaces/{meta["namespace"]}/{schema.Plural}/{name}" : $"{root}/{schema.Plural}/{name}";
                if (meta["uid"] is null || meta["creationTimestamp"] is null) garbage.Add($"{path} lacks what the system sets");
                var (code, _, _, text) = await server.SendAsync(HttpMethod.Put, path + "?dryRun=All&fieldValidation=Strict", Complete(item, schema).ToJsonString());
                // An object may have been created in a state that only its deletion leaves.
                if (code != HttpStatusCode.OK && meta["deletionTimestamp"] is null) garbage.Add($"{path}: {text}");
            }
        }
        Assert.True(garbage.Count == 0, $"{garbage.Count} stored objects are not valid\n" + string.Join('\n', garbage.Take(10)));
    }

    private static JsonNode Complete(JsonNode item, ResourceSchema schema)
    {
        item["apiVersion"] = schema.ApiVersion;
        item["kind"] = schema.Kind;
        return item;
    }
}
