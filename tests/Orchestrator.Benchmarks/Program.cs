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

return await new RootCommand("Measures what users wait for. Figures go to docs/PERFORMANCE.md with the command that makes them.") { api, density, start, fuzz }
    .Parse(args).InvokeAsync();
