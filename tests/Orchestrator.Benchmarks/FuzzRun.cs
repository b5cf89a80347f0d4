using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.Tests.Fuzz;

namespace Orchestrator.Benchmarks;

/// <summary>Random and mutated requests against a running process: it must answer all of them without a fault and stay as small as it was.</summary>
internal static class FuzzRun
{
    private const int Clients = 8;

    public static async Task<int> RunAsync(Target target, int requests, int seed, CancellationToken cancellationToken)
    {
        using var http = target.Http();
        http.Timeout = TimeSpan.FromSeconds(60);
        await http.PostAsync(new Uri("/api/v1/namespaces/default/pods", UriKind.Relative), Pod, cancellationToken);
        var codes = new int[600];
        var faults = 0;
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var fuzzer = new RequestFuzzer(seed + client, () => SchemaCatalog.BuiltIn);
            for (var i = client; i < requests; i += Clients)
            {
                using var request = fuzzer.Next();
                using var response = await http.SendAsync(request, cancellationToken);
                await response.Content.ReadAsByteArrayAsync(cancellationToken);
                Interlocked.Increment(ref codes[(int)response.StatusCode]);
                if ((int)response.StatusCode is 500 or 501 or 502 && Interlocked.Increment(ref faults) <= 20)
                    Console.WriteLine($"{(int)response.StatusCode} for request {i / Clients} of seed {seed + client}: {request.Method} {request.RequestUri}");
                if (i % 50 == client && await TroubleAsync(target, new ConnectionFuzzer(seed + i, "/api/v1/namespaces/default/pods/streamed"), cancellationToken) is { } trouble
                    && Interlocked.Increment(ref faults) <= 20)
                    Console.WriteLine($"connection {seed + i}: {trouble}");
                var count = Interlocked.Increment(ref done);
                if (count % (requests / 10) == 0) Console.WriteLine($"{count,8} requests, {await target.ResidentMiBAsync(http, cancellationToken)} MiB");
            }
        }, cancellationToken)));
        Console.WriteLine("answers: " + string.Join(", ", codes.Select((n, code) => (n, code)).Where(c => c.n > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.code}: {c.n}"))));
        Console.WriteLine($"faults: {faults}");
        var garbage = await StoredObjects.FindGarbageAsync(http, SchemaCatalog.BuiltIn);
        Console.WriteLine($"stored objects that are not valid: {garbage.Count}");
        foreach (var found in garbage.Take(20)) Console.WriteLine(found);
        return faults == 0 && garbage.Count == 0 ? 0 : 1;
    }

    private static StringContent Pod => new("""{"metadata":{"name":"streamed"},"spec":{"containers":[{"name":"c","image":"i"}]}}""", Encoding.UTF8, "application/json");

    /// <summary>Sends one connection's bytes; returns the status line of an answer that tells of a fault.</summary>
    private static async Task<string?> TroubleAsync(Target target, ConnectionFuzzer fuzzer, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        var answer = new byte[4096];
        var read = 0;
        try
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(target.Server.Host, target.Server.Port, patience.Token);
            await using var tls = new SslStream(tcp.GetStream());
            var parts = fuzzer.Next();
            var http2 = parts[0].AsSpan().StartsWith("PRI"u8);
            var options = target.Tls();
            options.ApplicationProtocols = [http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11];
            await tls.AuthenticateAsClientAsync(options, patience.Token);
            await tls.WriteAsync(parts[0], patience.Token);
            if (!http2 && parts.Count > 1) read = await tls.ReadAsync(answer, patience.Token);
            foreach (var part in parts.Skip(1)) await tls.WriteAsync(part, patience.Token);
            if (read == 0) read = await tls.ReadAsync(answer, patience.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The server may hang up on nonsense at any time, and may wait for the rest of it.
        }
        var line = Encoding.Latin1.GetString(answer, 0, read).Split("\r\n")[0];
        return line.StartsWith("HTTP/1.1 500", StringComparison.Ordinal) ? line : null;
    }
}
