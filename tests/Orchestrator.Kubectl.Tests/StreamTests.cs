using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orchestrator.Kubectl.Tests;

/// <summary>exec, attach, logs, cp, port-forward and proxy with every kubectl of this machine: the older ones speak SPDY, the newer ones WebSocket.</summary>
#pragma warning disable CA1001 // disposed by IAsyncLifetime
public sealed partial class StreamTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-streams").FullName;
    private readonly int _port = FreePort();
    private OrchestratorProcess _up = null!;

    private CancellationToken Bound { get; } = new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token;

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        _up = await OrchestratorProcess.StartAsync(
            "up", "--data", Path.Combine(_folder, "data"), "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "process", "--node-name", "node-1");
        var kubectl = new Kubectl(_up, "default");
        await File.WriteAllTextAsync(Path.Combine(_folder, "index.html"), "<html><a href=\"/other\">served by the pod</a></html>");
        await kubectl.ApplyAsync($$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: web}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: web
                image: any
                command: [busybox, httpd, -f, -vv, -p, "{{_port}}", -h, "{{_folder}}"]
                ports: [{containerPort: {{_port}}}]
                readinessProbe: {tcpSocket: {port: {{_port}}}, periodSeconds: 1}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: reader}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: reader, image: any, stdin: true, command: [sh, -c, "echo begun; while read line; do echo got $line; done; sleep 3600"]}
              - {name: other, image: any, command: [sh, -c, "seq 100; sleep 3600"]}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/web", "pod/reader", "--timeout=60s");
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.KubectlAsync("delete", "pods", "--all", "--grace-period=0", "--force", "--timeout=30s");
            await _up.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private Task<CommandResult> RunAsync(string program, string? input, params string[] arguments) => Command.RunAsync(program, ["--kubeconfig", _up.Kubeconfig, .. arguments], input);

    [SkippableFact]
    public async Task Exec_EveryKubectl_StreamsAndTellsTheExitCode()
    {
        var large = Convert.ToHexString(RandomNumberGenerator.GetBytes(500_000));
        foreach (var program in KubectlVersions.All())
        {
            var both = await RunAsync(program, null, "exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3");
            Assert.Equal((3, "out\n"), (both.ExitCode, both.Output));
            Assert.Contains("err\n", both.Error, StringComparison.Ordinal);
            Assert.Equal(large, (await RunAsync(program, large, "exec", "-i", "web", "--", "cat")).Succeeded());
            var missing = await RunAsync(program, null, "exec", "reader", "-c", "nobody", "--", "true");
            Assert.Contains("container nobody is not valid for pod reader", missing.Error, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task PortForward_EveryKubectl_CarriesManyConnections()
    {
        using var http = new HttpClient();
        foreach (var program in KubectlVersions.All())
        {
            await using var forward = await Background.StartAsync(program, ForwardingLine(), ["--kubeconfig", _up.Kubeconfig, "port-forward", "pod/web", $":{_port}"]);
            var address = new Uri($"http://127.0.0.1:{forward.Match.Groups["port"].Value}/index.html");

            var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.GetStringAsync(address, Bound)));

            Assert.All(pages, page => Assert.Contains("served by the pod", page, StringComparison.Ordinal));
        }
    }

    [SkippableFact]
    public async Task PortForward_ToAPortWhereNothingListens_SaysWhy()
    {
        await using var forward = await Background.StartAsync("kubectl", ForwardingLine(), ["--kubeconfig", _up.Kubeconfig, "port-forward", "pod/web", $":{FreePort()}"]);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, int.Parse(forward.Match.Groups["port"].Value, CultureInfo.InvariantCulture), Bound);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], Bound));

        Assert.Contains("error forwarding port", await forward.LineAsync("an error occurred forwarding", Bound), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Copy_EveryKubectl_BothWays()
    {
        var source = Path.Combine(_folder, "source");
        Directory.CreateDirectory(source);
        await File.WriteAllBytesAsync(Path.Combine(source, "data"), RandomNumberGenerator.GetBytes(300_000), Bound);
        foreach (var program in KubectlVersions.All())
        {
            var (there, back) = (Path.Combine(_folder, "there"), Path.Combine(_folder, "back"));
            (await RunAsync(program, null, "cp", source, $"web:{there}")).Succeeded();
            (await RunAsync(program, null, "cp", $"web:{there}/data", back)).Succeeded();
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(source, "data"), Bound), await File.ReadAllBytesAsync(back, Bound));
            Directory.Delete(there, recursive: true);
            File.Delete(back);
        }
    }

    [SkippableFact]
    public async Task Attach_EveryKubectl_SpeaksToTheRunningProcess()
    {
        foreach (var (program, i) in KubectlVersions.All().Select((p, i) => (p, i)))
        {
            await using var attach = await Background.StartAsync(program, new Regex($"got line {i}"),
                ["--kubeconfig", _up.Kubeconfig, "attach", "-i", "reader", "-c", "reader"], $"line {i}\n");
            Assert.True(attach.Match.Success);
        }
    }

    [SkippableFact]
    public async Task Logs_TheirOptionsAndRefusals()
    {
        var kubectl = new Kubectl(_up, "default");

        Assert.Equal("99\n100\n", await kubectl.RunAsync("logs", "reader", "-c", "other", "--tail=2"));
        Assert.Equal("1\n2\n3", await kubectl.RunAsync("logs", "reader", "-c", "other", "--limit-bytes=5"));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z 100\n$", await kubectl.RunAsync("logs", "reader", "-c", "other", "--tail=1", "--timestamps"));
        Assert.Contains("previous terminated container \"other\" in pod \"reader\" not found", (await kubectl.TryAsync("logs", "reader", "-c", "other", "-p")).Error, StringComparison.Ordinal);
        var raw = await kubectl.TryAsync("get", "--raw", "/api/v1/namespaces/default/pods/reader/log");
        Assert.Contains("a container name must be specified for pod reader, choose one of: [reader other]", raw.Error, StringComparison.Ordinal);
        Assert.Contains("invalid syntax", (await kubectl.TryAsync("get", "--raw", "/api/v1/namespaces/default/pods/web/log?tailLines=many")).Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Proxy_ReachesThePodAndTheNode()
    {
        var kubectl = new Kubectl(_up, "default");

        var page = await kubectl.RunAsync("get", "--raw", $"/api/v1/namespaces/default/pods/web:{_port}/proxy/index.html");

        Assert.Equal($"<html><a href=\"/api/v1/namespaces/default/pods/web:{_port}/proxy/other\">served by the pod</a></html>", page);
        Assert.Equal("ok", await kubectl.RunAsync("get", "--raw", "/api/v1/nodes/node-1/proxy/healthz"));
        // Nothing listens there; on a machine that has the loopback address alone, nobody is even tried whom the pod does not declare.
        Assert.Matches("error trying to reach service: dial tcp .*:1: |address not allowed", (await kubectl.TryAsync("get", "--raw", "/api/v1/namespaces/default/pods/web:1/proxy/")).Error);
    }

    [SkippableFact]
    public async Task ChannelsOfAWebSocket_CarryAPortForwardAndAWatch()
    {
        using var forward = await ConnectAsync($"/api/v1/namespaces/default/pods/web/portforward?ports={_port}", "v4.channel.k8s.io");
        var head = new[] { await ReceiveAsync(forward), await ReceiveAsync(forward) };
        Assert.Equal([$"00{_port & 255:x2}{_port >> 8:x2}", $"01{_port & 255:x2}{_port >> 8:x2}"], head.Select(m => Convert.ToHexStringLower(m.Bytes)));
        await forward.SendAsync(Encoding.ASCII.GetBytes("\0GET /index.html HTTP/1.0\r\n\r\n"), WebSocketMessageType.Binary, true, Bound);
        var answer = new StringBuilder();
        for (var message = await ReceiveAsync(forward); message.Type != WebSocketMessageType.Close; message = await ReceiveAsync(forward)) answer.Append(Encoding.UTF8.GetString(message.Bytes.AsSpan(1)));
        Assert.Contains("served by the pod", answer.ToString(), StringComparison.Ordinal);

        using var watch = await ConnectAsync("/api/v1/namespaces/default/pods?watch=true&fieldSelector=metadata.name%3Dweb", null);
        var (bytes, type) = await ReceiveAsync(watch);
        using var json = JsonDocument.Parse(bytes);
        Assert.Equal((WebSocketMessageType.Text, "ADDED", "web"),
            (type, json.RootElement.GetProperty("type").GetString(), json.RootElement.GetProperty("object").GetProperty("metadata").GetProperty("name").GetString()));
    }

    private async Task<ClientWebSocket> ConnectAsync(string path, string? protocol)
    {
        var config = (await RunAsync("kubectl", null, "config", "view", "--raw", "-o", "jsonpath={.users[0].user.client-certificate-data} {.users[0].user.client-key-data}")).Succeeded().Split(' ');
        using var certificate = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(config[0])), Encoding.UTF8.GetString(Convert.FromBase64String(config[1])));
        var socket = new ClientWebSocket();
        socket.Options.ClientCertificates.Add(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null));
#pragma warning disable CA5359 // the test's own server
        socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        if (protocol is not null) socket.Options.AddSubProtocol(protocol);
        await socket.ConnectAsync(new Uri(_up.Url.Replace("https", "wss", StringComparison.Ordinal) + path), Bound);
        return socket;
    }

    private async Task<(byte[] Bytes, WebSocketMessageType Type)> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), Bound);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage) return (message.ToArray(), received.MessageType);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^Forwarding from 127\.0\.0\.1:(?<port>\d+)")]
    private static partial Regex ForwardingLine();
}

/// <summary>A kubectl that goes on until it is disposed, started once it has said what was waited for.</summary>
internal sealed class Background : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _news = new(0);

    private Background(Process process) => _process = process;

    public Match Match { get; private set; } = Match.Empty;

    public static async Task<Background> StartAsync(string program, Regex line, string[] arguments, string? input = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var background = new Background(Process.Start(start)!);
        foreach (var reader in (StreamReader[])[background._process.StandardOutput, background._process.StandardError]) _ = background.ReadAsync(reader);
        if (input is not null)
        {
            await background._process.StandardInput.WriteAsync(input);
            await background._process.StandardInput.FlushAsync();
        }
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        background.Match = line.Match(await background.LineAsync(line.IsMatch, bound.Token));
        return background;
    }

    public Task<string> LineAsync(string text, CancellationToken cancellationToken) => LineAsync(line => line.Contains(text, StringComparison.Ordinal), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _news.Dispose();
    }

    private async Task<string> LineAsync(Predicate<string> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_lines.FirstOrDefault(line => wanted(line)) is { } line) return line;
            await _news.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
            try
            {
                _news.Release();
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
