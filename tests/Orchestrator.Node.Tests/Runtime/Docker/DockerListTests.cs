using System.Net;
using System.Text;
using Docker.DotNet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Docker;

namespace Orchestrator.Node.Tests.Runtime.Docker;

/// <summary>What an engine is asked for lists, against one that the test plays.</summary>
public sealed class DockerListTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpListener _engine = new();
    private readonly DockerContainerRuntime _runtime;
    private readonly string[] _ids = [.. Enumerable.Range(0, 20).Select(static i => $"c{i:00}")];
    private readonly TaskCompletionSource _several = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inspected;
    private int _running;
    private int _most;

    public DockerListTests()
    {
        var port = FreePort();
        _engine.Prefixes.Add($"http://127.0.0.1:{port}/");
        _engine.Start();
        _ = ServeAsync();
        _runtime = new DockerContainerRuntime(new DockerClientConfiguration(new Uri($"http://127.0.0.1:{port}")).CreateClient(), "tests");
    }

    public void Dispose()
    {
        _engine.Close();
        _runtime.Dispose();
    }

    [Fact]
    public async Task Containers_AreLookedAtSeveralAtATime_InTheirOrder_WithoutThoseThatAreGone()
    {
        var states = await _runtime.ListContainersAsync("n1", null, default).WaitAsync(Patience);
        Assert.Equal(_ids.Where(static id => id != "c07"), states.Select(static s => s.Id));
        Assert.All(states, static s => Assert.Equal((ContainerPhase.Exited, 3), (s.Phase, s.ExitCode)));
        Assert.InRange(_most, 2, 8);
    }

    [Fact]
    public async Task Sandboxes_AreListed_AndNotLookedAt()
    {
        var states = await _runtime.ListSandboxesAsync("n1", null, default).WaitAsync(Patience);
        Assert.Equal(_ids, states.Select(static s => s.Id));
        Assert.All(states, static s => Assert.Equal((true, "172.17.0.9", 2, "u"), (s.Running, s.Ip, s.Attempt, s.Pod.Uid)));
        Assert.Equal(0, _inspected);
    }

    private async Task ServeAsync()
    {
        while (_engine.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _engine.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        const string labels = """{"io.kubernetes.pod.uid":"u","io.kubernetes.container.restartCount":"2"}""";
        var path = context.Request.Url!.AbsolutePath;
        string answer;
        if (path.EndsWith("/containers/json", StringComparison.Ordinal))
        {
            var listed = _ids.Select(static id => $$"""{"Id":"{{id}}","State":"running","Created":1,"Labels":{{labels}},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.9"} } } }""");
            answer = $"[{string.Join(',', listed)}]";
        }
        else
        {
            Interlocked.Increment(ref _inspected);
            var now = Interlocked.Increment(ref _running);
            InterlockedMax(ref _most, now);
            if (now >= 2) _several.TrySetResult();
            // None is answered before a second is asked about.
            await _several.Task.WaitAsync(Patience);
            await Task.Yield();
            var id = path.Split('/')[^2];
            if (id == "c07") context.Response.StatusCode = 404;
            answer = id == "c07" ? """{"message":"No such container: c07"}"""
                : $$"""{"Id":"{{id}}","Image":"i","Config":{"Labels":{{labels}} },"State":{"Status":"exited","ExitCode":3,"StartedAt":"2026-01-02T03:04:05Z","FinishedAt":"2026-01-02T03:04:06Z"} }""";
            Interlocked.Decrement(ref _running);
        }
        context.Response.ContentType = "application/json";
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
        context.Response.Close();
    }

    private static void InterlockedMax(ref int place, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref place)) < value && Interlocked.CompareExchange(ref place, value, seen) != seen)
        {
        }
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
