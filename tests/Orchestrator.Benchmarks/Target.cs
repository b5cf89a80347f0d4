using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Benchmarks;

/// <summary>The API server under load: a running one, or one started for the run in a folder of its own.</summary>
internal sealed partial class Target : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly string? _folder;

    private Target(string? folder) => _folder = folder;

    public Uri Server { get; private set; } = null!;
    public X509Certificate2 Client { get; private set; } = null!;
    public X509Certificate2 Authority { get; private set; } = null!;
    public string Remoting { get; private set; } = "";
    public string Folder => _folder ?? throw new InvalidOperationException("the cluster is not ours");

    public static async Task<Target> OpenAsync(string? kubeconfig, CancellationToken cancellationToken)
    {
        if (kubeconfig is not null)
        {
            var running = new Target(null);
            running.Read(kubeconfig);
            return running;
        }
        var target = new Target(Directory.CreateTempSubdirectory("orchestrator-benchmark").FullName);
        await target.StartAsync(cancellationToken, "--runtime", "hollow");
        return target;
    }

    /// <summary>The bare handler, in a process and a folder of its own.</summary>
    public static async Task<Target> BareAsync(CancellationToken cancellationToken)
    {
        var target = Unstarted();
        target.Read((await target.RunAsync("Orchestrator.Benchmarks.dll", ["bare", target.Folder], cancellationToken)).Groups["kubeconfig"].Value);
        return target;
    }

    /// <summary>A target whose processes the caller starts.</summary>
    public static Target Unstarted() => new(Directory.CreateTempSubdirectory("orchestrator-benchmark").FullName);

    /// <summary>Starts <c>up</c> and returns how long it took until it was ready.</summary>
    public async Task<TimeSpan> StartAsync(CancellationToken cancellationToken, params string[] options)
    {
        var watch = Stopwatch.StartNew();
        var ready = await RunAsync(["up", "--data", Folder, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", .. options], cancellationToken);
        Remoting = ready.Groups["remoting"].Value;
        Read(ready.Groups["kubeconfig"].Value);
        return watch.Elapsed;
    }

    /// <summary>Starts a process of the executable and waits for its line.</summary>
    public Task<Match> RunAsync(string[] arguments, CancellationToken cancellationToken) => RunAsync("orchestrator.dll", arguments, cancellationToken);

    private async Task<Match> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, program), .. arguments]) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        _processes.Add(process);
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (ReadyLine().Match(line) is not { Success: true } match) continue;
            _ = process.StandardOutput.ReadToEndAsync(cancellationToken);
            return match;
        }
        throw new InvalidOperationException($"'{string.Join(' ', arguments)}' did not become ready");
    }

    public void Kill()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.WaitForExit();
        }
        _processes.Clear();
    }

    /// <summary>Resident memory of the first process, or of the API server where the cluster is not ours, in MiB; 0 where that does not tell.</summary>
    public async Task<long> ResidentMiBAsync(HttpClient http, CancellationToken cancellationToken)
    {
        if (_processes.Count > 0) return ResidentMiB();
        const string Name = "process_resident_memory_bytes ";
        var line = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken)).Split('\n').FirstOrDefault(static l => l.StartsWith(Name, StringComparison.Ordinal));
        return line is null ? 0 : (long)double.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture) >> 20;
    }

    /// <summary>Resident memory of the first process, in MiB; 0 when the cluster is not ours.</summary>
    public long ResidentMiB()
    {
        if (_processes.Count == 0) return 0;
        _processes[0].Refresh();
        return _processes[0].WorkingSet64 >> 20;
    }

    public SslClientAuthenticationOptions Tls() => new()
    {
        TargetHost = Server.Host,
        ClientCertificates = [Client],
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    public HttpClient Http() => new(new SocketsHttpHandler { SslOptions = Tls() }) { BaseAddress = Server, Timeout = Timeout.InfiniteTimeSpan };

    public ValueTask DisposeAsync()
    {
        Kill();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Read(string kubeconfig)
    {
        var text = File.ReadAllText(kubeconfig);
        Server = new Uri(Value(text, "server"));
        Authority = X509Certificate2.CreateFromPem(Pem(text, "certificate-authority-data"));
        using var pem = X509Certificate2.CreateFromPem(Pem(text, "client-certificate-data"), Pem(text, "client-key-data"));
        Client = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private static string Pem(string text, string key) => Encoding.UTF8.GetString(Convert.FromBase64String(Value(text, key)));

    private static string Value(string text, string key) => Regex.Match(text, $@"{key}:\s*(\S+)").Groups[1].Value;

    [GeneratedRegex(@"^Ready(: (?<url>https://\S+))?, remoting (?<remoting>[^,\s]+)(, kubeconfig (?<kubeconfig>\S+)\.)?")]
    private static partial Regex ReadyLine();
}
