using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using WebsiteOperator;

var kubeconfig = Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } file
    ? file
    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
using var cluster = Cluster.FromKubeconfig(kubeconfig);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

// Everything that is seen goes through one channel, and one reader acts on it: no two reconciles meet.
var seen = Channel.CreateUnbounded<(string Type, JsonObject Object)>();
var websites = new Dictionary<string, JsonObject>();
var deployments = new Dictionary<string, JsonObject>();
var following = Task.WhenAll(FollowAsync($"{Website.Path}/websites"), FollowAsync("/apis/apps/v1/deployments"));
Console.WriteLine("Watching websites.");
try
{
    await foreach (var (type, o) in seen.Reader.ReadAllAsync(stop.Token))
    {
        var key = Website.KeyOf(o);
        var into = (string?)o["kind"] == "Website" || o["spec"]?["html"] is not null ? websites : deployments;
        if (type == "DELETED") into.Remove(key);
        else into[key] = o;
        await ReconcileAsync(key);
    }
    await following;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
return 1;

async Task FollowAsync(string path)
{
    try
    {
        await foreach (var change in cluster.FollowAsync(path, stop.Token)) await seen.Writer.WriteAsync(change, stop.Token);
    }
    catch (Exception e)
    {
        seen.Writer.TryComplete(e);
    }
}

async Task ReconcileAsync(string key)
{
    if (!websites.TryGetValue(key, out var website) || website["metadata"]!["deletionTimestamp"] is not null) return;
    try
    {
        foreach (var (path, child) in new[] { Website.Page(website), Website.Server(website) }) await cluster.ApplyAsync(path, child, stop.Token);
        if (Website.Status(website, deployments.GetValueOrDefault(key)) is not { } status) return;
        await cluster.MergeAsync($"{Website.Path}/namespaces/{website["metadata"]!["namespace"]}/websites/{website["metadata"]!["name"]}/status", status, stop.Token);
        Console.WriteLine($"{key}: {status["status"]!["readyReplicas"]} of {website["spec"]!["replicas"]} ready");
    }
    catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.NotFound)
    {
        // It was deleted meanwhile; the watch will say so.
    }
    catch (HttpRequestException e) when (e.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
    {
        // One website that cannot be, such as of the name of a Deployment that is not ours, does not stop the others.
        Console.Error.WriteLine($"{key}: {e.Message}");
    }
}
