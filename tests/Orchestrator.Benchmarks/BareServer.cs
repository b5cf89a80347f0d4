using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Host.Processes;

namespace Orchestrator.Benchmarks;

/// <summary>What server, TLS, client and disk allow at most: a bare Kestrel handler that puts each body into SQLite and sends it back.</summary>
/// <remarks>No schema, no access control, no versions, no watches. One transaction takes all bodies that wait, and is durable before they are answered.</remarks>
internal static class BareServer
{
    /// <summary>Most bodies in one transaction (count).</summary>
    private const int RowsMax = 256;

    /// <summary>Serves until it is stopped. Writes its database and a kubeconfig into the folder.</summary>
    public static async Task RunAsync(string folder, CancellationToken cancellationToken)
    {
        using var certificate = SelfSigned();
        var bodies = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        var waiting = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
        var writer = new Thread(() => Store(Path.Combine(folder, "bare.db"), waiting.Reader, bodies)) { IsBackground = true };
        writer.Start();

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        })));
        await using var application = builder.Build();
        application.Run(context => context.Request.Method == "POST" ? CreateAsync(context, waiting.Writer) : GetAsync(context, bodies));
        await application.StartAsync(cancellationToken);
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        var pem = certificate.ExportCertificatePem();
        Kubeconfig.Write(kubeconfig, Kubeconfig.Render(address, pem, pem, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        Console.WriteLine($"Ready: {address}, remoting none, kubeconfig {kubeconfig}.");
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task CreateAsync(HttpContext context, ChannelWriter<Write> waiting)
    {
        var body = new byte[context.Request.ContentLength ?? throw new BadHttpRequestException("the length is missing")];
        await context.Request.Body.ReadExactlyAsync(body);
        // The benchmark's names are short and stand first.
        var name = body.AsSpan(body.AsSpan().IndexOf("\"name\":\""u8) + 8);
        var write = new Write(context.Request.Path + "/" + Encoding.UTF8.GetString(name[..name.IndexOf((byte)'"')]), body);
        await waiting.WriteAsync(write);
        await write.Durable.Task;
        await AnswerAsync(context, StatusCodes.Status201Created, body);
    }

    private static Task GetAsync(HttpContext context, ConcurrentDictionary<string, byte[]> bodies) =>
        bodies.TryGetValue(context.Request.Path, out var body) ? AnswerAsync(context, StatusCodes.Status200OK, body) : AnswerAsync(context, StatusCodes.Status404NotFound, []);

    private static async Task AnswerAsync(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private static void Store(string file, ChannelReader<Write> waiting, ConcurrentDictionary<string, byte[]> bodies)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        foreach (var text in (string[])["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE bodies (id INTEGER PRIMARY KEY, path TEXT, body BLOB)"])
        {
            using var command = connection.CreateCommand();
            command.CommandText = text;
            command.ExecuteNonQuery();
        }
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO bodies (path, body) VALUES ($path, $body)";
        var path = insert.Parameters.Add("$path", SqliteType.Text);
        var body = insert.Parameters.Add("$body", SqliteType.Blob);
        insert.Prepare();
        var group = new List<Write>();
        while (waiting.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            using (var transaction = connection.BeginTransaction())
            {
                insert.Transaction = transaction;
                while (group.Count < RowsMax && waiting.TryRead(out var write))
                {
                    (path.Value, body.Value) = (write.Path, write.Body);
                    insert.ExecuteNonQuery();
                    group.Add(write);
                }
                transaction.Commit();
            }
            foreach (var write in group)
            {
                bodies[write.Path] = write.Body;
                write.Durable.SetResult();
            }
            group.Clear();
        }
    }

    /// <summary>One certificate is the authority, the server and the client.</summary>
    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bare", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private sealed record Write(string Path, byte[] Body)
    {
        public TaskCompletionSource Durable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
