using System.CommandLine;
using Orchestrator.Benchmarks;

var kubeconfig = new Option<string?>("--kubeconfig") { Description = "A running cluster; without it one is started for the run." };
var clients = new Option<int>("--clients") { Description = "HTTPS connections, each with one request at a time.", DefaultValueFactory = _ => 64 };
var seconds = new Option<int>("--seconds") { Description = "How long each figure is measured.", DefaultValueFactory = _ => 10 };
var nodes = new Option<int>("--nodes") { Description = "Hollow nodes.", DefaultValueFactory = _ => 1000 };
var replicas = new Option<int>("--replicas") { Description = "Replicas of the deployment.", DefaultValueFactory = _ => 5000 };
var pods = new Option<int>("--pods") { Description = "Pods in the journal.", DefaultValueFactory = _ => 150_000 };

var api = new Command("api", "What the API does over HTTPS: durable creates, GETs, LISTs, watch events.") { kubeconfig, clients, seconds };
api.SetAction(async (r, token) =>
{
    await using var target = await Target.OpenAsync(r.GetValue(kubeconfig), token);
    await ApiBenchmark.RunAsync(target, r.GetValue(clients), TimeSpan.FromSeconds(r.GetValue(seconds)), token);
});

var density = new Command("density", "Time until every replica of one Deployment runs on hollow nodes.") { nodes, replicas };
density.SetAction((r, token) => DensityBenchmark.RunAsync(r.GetValue(nodes), r.GetValue(replicas), token));

var start = new Command("start", "Time until ready and resident memory: of an empty cluster, and of one with many pods in its journal.") { pods };
start.SetAction((r, token) => StartBenchmark.RunAsync(r.GetValue(pods), token));

var requests = new Option<int>("--requests") { Description = "How many requests.", DefaultValueFactory = _ => 100_000 };
var seed = new Option<int>("--seed") { Description = "The same seed sends the same requests.", DefaultValueFactory = _ => 1 };
var fuzz = new Command("fuzz", "Random and mutated requests; any fault of the server fails the run.") { kubeconfig, requests, seed };
fuzz.SetAction(async (r, token) =>
{
    await using var target = await Target.OpenAsync(r.GetValue(kubeconfig), token);
    return await FuzzRun.RunAsync(target, r.GetValue(requests), r.GetValue(seed), token);
});

var rounds = new Option<int>("--rounds") { Description = "How often each load is measured on each server.", DefaultValueFactory = _ => 3 };
var servers = new Option<string[]>("--server") { Description = "NAME=KUBECONFIG of a running server, such as kube-apiserver; may be given several times.", DefaultValueFactory = _ => [] };
servers.Validators.Add(r =>
{
    foreach (var token in r.Tokens)
        if (token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) r.AddError($"--server {token.Value}: expected NAME=KUBECONFIG");
});
var beside = new Command("beside", "Creates and GETs of ours, of a bare Kestrel handler on SQLite, and of running servers, in turns.") { servers, clients, seconds, rounds };
beside.SetAction(async (r, token) =>
{
    await using var ours = await Target.OpenAsync(null, token);
    await using var bare = await Target.BareAsync(token);
    var others = r.GetValue(servers)!.Select(server => server.Split('=', 2)).ToArray();
    var all = new List<(string, Target)> { ("orchestrator", ours), ("bare", bare) };
    foreach (var other in others) all.Add((other[0], await Target.OpenAsync(other[1], token)));
    await BesideBenchmark.RunAsync(all, r.GetValue(clients), r.GetValue(rounds), TimeSpan.FromSeconds(r.GetValue(seconds)), token);
});

var folder = new Argument<string>("FOLDER") { Description = "Where its database and its kubeconfig go." };
var bareServer = new Command("bare", "The bare handler itself: what server, TLS, client and disk allow at most.") { folder };
bareServer.SetAction((r, token) => BareServer.RunAsync(r.GetValue(folder)!, token));

return await new RootCommand("Measures what users wait for. Figures go to docs/PERFORMANCE.md with the command that makes them.") { api, beside, density, start, fuzz, bareServer }
    .Parse(args).InvokeAsync();
