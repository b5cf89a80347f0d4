using System.Net;
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
        var garbage = await StoredObjects.FindGarbageAsync(server.Admin, server.Catalog);
        Assert.True(garbage.Count == 0, $"{garbage.Count} stored objects are not valid\n" + string.Join('\n', garbage.Take(10)));
    }
}
