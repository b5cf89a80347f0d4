using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class ProbeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ProbeRunner _runner = new(new HollowContainerRuntime(TimeProvider.System));
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _requests = [];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _runner.Dispose();
        _stop.Dispose();
    }

    private string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static ContainerManifest Container(string port)
    {
        var json = $$$"""{"metadata":{"name":"p","namespace":"d","uid":"u"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"name":"web","containerPort":{{{port}}}}]}]}}""";
        return PodManifestReader.Read(new StoredObject(new ObjectKey("d", "p"), 1, Encoding.UTF8.GetBytes(json))).Containers[0];
    }

    private ProbeTarget Target() => new("id", "127.0.0.1", Container(Port));

    /// <summary>Answers every connection with one status line, read whole before.</summary>
    private void Serve(string status)
    {
        _listener.Start();
        _ = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = client.GetStream();
                var request = new byte[4096];
                var length = await stream.ReadAtLeastAsync(request, 16, throwOnEndOfStream: false, _stop.Token);
                _requests.Add(Encoding.ASCII.GetString(request, 0, length));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), _stop.Token);
            }
        });
    }

    private Task<ProbeResult> HttpAsync() => _runner.RunAsync(new ProbeAction.Http("HTTP", "", "web", "/", []), Target(), Patience, _stop.Token);

    [Theory]
    [InlineData("200 OK", true, "")]
    [InlineData("302 Found", true, "")]
    [InlineData("503 Service Unavailable", false, "HTTP probe failed with statuscode: 503")]
    [InlineData("302 Found\r\nLocation: http://elsewhere.invalid/", true, "")]
    public async Task Http_JudgesByTheStatusCode(string status, bool success, string message)
    {
        Serve(status);

        Assert.Equal(new ProbeResult(success, message), await HttpAsync());
    }

    [Fact]
    public async Task Redirects_AreFollowedWithinTheHost_AndNotForEver()
    {
        Serve("302 Found\r\nLocation: /");

        var result = await HttpAsync();

        Assert.False(result.Success);
        Assert.EndsWith("stopped after 10 redirects", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_SendsEveryHeader_ThatTheProbeNames()
    {
        Serve("200 OK");
        var probe = new ProbeAction.Http("HTTP", "", "web", "/",
        [
            new("Content-Type", "text/plain"), new("X-A", "1"), new("X-A", "2"), new("Host", "example.org"), new("Accept", ""),
        ]);

        Assert.Equal(new ProbeResult(true, ""), await _runner.RunAsync(probe, Target(), Patience, _stop.Token));

        var request = Assert.Single(_requests);
        foreach (var line in (string[])["Content-Type: text/plain", "X-A: 1, 2", "Host: example.org", "User-Agent: kube-probe/1.32"])
            Assert.Contains(line + "\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Accept:", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingListens_IsARefusal()
    {
        _listener.Start();
        var target = Target();
        _listener.Stop();

        var tcp = await _runner.RunAsync(new ProbeAction.Tcp("", "web"), target, Patience, _stop.Token);

        Assert.False(tcp.Success);
        Assert.Contains("connection refused", tcp.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SlowAnswer_FailsWhenTheTimeIsUp()
    {
        _listener.Start(); // the connection is made by the kernel, and never answered

        var http = await _runner.RunAsync(new ProbeAction.Http("HTTP", "", "web", "/", []), Target(), TimeSpan.FromMilliseconds(50), _stop.Token);

        Assert.False(http.Success);
        Assert.Contains("deadline exceeded", http.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProbeActor_ReportsItsVerdictToItsParent()
    {
        Serve("200 OK");
        var system = ActorSystem.Create("probes");
        var reported = new TaskCompletionSource<ProbeReported>(TaskCreationOptions.RunContinuationsAsynchronously);
        var probe = new Probe(new ProbeAction.Http("HTTP", "", "web", "/", [])) { Timeout = Patience };
        var order = new ProbeOrder("c", "id", ProbeKind.Readiness, probe, Target(), TimeProvider.System.GetUtcNow());
        var runner = _runner;

        system.ActorOf(Props.Create(() => new Parent(order, runner, reported)));
        var report = await reported.Task.WaitAsync(Patience);

        Assert.True(report.Verdict);
        Assert.False(report.Failed);
        await system.Terminate();
    }

    private sealed class Parent : ReceiveActor
    {
        public Parent(ProbeOrder order, ProbeRunner runner, TaskCompletionSource<ProbeReported> reported)
        {
            Context.ActorOf(Props.Create(() => new ProbeActor(order, runner, TimeProvider.System)));
            Receive<ProbeReported>(r => reported.TrySetResult(r));
        }
    }
}
