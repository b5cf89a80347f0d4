using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer.Aggregation;

/// <summary>Another API server, over HTTPS, that serves <c>flunders</c> of wardle.example.com/v1alpha1 and remembers who asked.</summary>
internal sealed class ExtensionServer : IAsyncDisposable
{
    public const string Group = "wardle.example.com", Version = "v1alpha1";

    private readonly WebApplication _application;

    private ExtensionServer(WebApplication application, int port) => (_application, Port) = (application, port);

    public int Port { get; }

    /// <summary>Refuses discovery while it is set.</summary>
    public bool Broken { get; set; }

    /// <summary>Has no OpenAPI of version 3, as servers before Kubernetes 1.24.</summary>
    public bool Old { get; set; }

    /// <summary>The heads of the requests for objects, by path.</summary>
    public ConcurrentDictionary<string, Dictionary<string, string>> Heads { get; } = new();

    /// <summary>The finalizers of the objects of namespaces, by path.</summary>
    public ConcurrentDictionary<string, string[]> Stored { get; } = new();

    public static async Task<ExtensionServer> StartAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = static (_, _, _) => true,
        })));
        var application = builder.Build();
        ExtensionServer? server = null;
        application.UseWebSockets();
        application.Run(context => server!.ServeAsync(context));
        await application.StartAsync();
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return server = new ExtensionServer(application, new Uri(address).Port);
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path == $"/apis/{Group}/{Version}")
        {
            context.Response.StatusCode = Broken ? 500 : 200;
            await JsonAsync(context, $$$"""
                {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"{{{Group}}}/{{{Version}}}","resources":[
                 {"name":"flunders","singularName":"flunder","namespaced":true,"kind":"Flunder","verbs":["create","delete","deletecollection","get","list","watch"],"shortNames":["fl"]},
                 {"name":"flunders/status","singularName":"","namespaced":true,"kind":"Flunder","verbs":["get"]}]}
                """);
            return;
        }
        switch (path)
        {
            case "/openapi/v2":
                await JsonAsync(context, $$$"""
                    {"swagger":"2.0","info":{"title":"wardle","version":"1"},"paths":{
                      "/apis/{{{Group}}}/{{{Version}}}/flunders":{"get":{"operationId":"listFlunder","responses":{"200":{"description":"OK","schema":{"$ref":"#/definitions/example.wardle.Flunder"} } } } },
                      "/apis/other/v1/things":{"get":{"operationId":"listThing","responses":{"200":{"description":"OK"} } } } },
                     "definitions":{"example.wardle.Flunder":{"type":"object","properties":{"metadata":{"$ref":"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"} } },
                      "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta":{"type":"object","description":"Another one."},"example.wardle.Unused":{"type":"object"} } }
                    """);
                return;
            case "/openapi/v3" when !Old:
                await JsonAsync(context, $$$"""{"paths":{"apis/{{{Group}}}/{{{Version}}}":{"serverRelativeURL":"/openapi/v3/apis/{{{Group}}}/{{{Version}}}?hash=ABC"},"version":{"serverRelativeURL":"/openapi/v3/version"} } }""");
                return;
        }
        if (path.StartsWith("/openapi/", StringComparison.Ordinal) && Old)
        {
            context.Response.StatusCode = 404;
            return;
        }
        Heads[path] = context.Request.Headers.ToDictionary(static h => h.Key, static h => string.Join('|', h.Value.Select(static v => v)), StringComparer.OrdinalIgnoreCase);
        Heads[path]["certificate"] = (await context.Connection.GetClientCertificateAsync())?.Subject ?? "";
        Heads[path]["query"] = context.Request.QueryString.Value ?? "";
        if (context.WebSockets.IsWebSocketRequest) await EchoAsync(context);
        else if (context.Request.Query["watch"] == "true") await StreamAsync(context);
        else if (context.Request.Method == "POST")
        {
            using var reader = new StreamReader(context.Request.Body);
            context.Response.StatusCode = 201;
            await JsonAsync(context, await reader.ReadToEndAsync());
        }
        else
        {
            if (context.Request.Method == "DELETE")
                foreach (var o in Stored.Where(o => o.Key.StartsWith(path + "/", StringComparison.Ordinal) && o.Value.Length == 0)) Stored.TryRemove(o);
            var items = new JsonArray([.. Stored.Where(o => o.Key.StartsWith(path + "/", StringComparison.Ordinal)).Select(static o => new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = o.Key[(o.Key.LastIndexOf('/') + 1)..], ["finalizers"] = new JsonArray([.. o.Value]) },
            })]);
            await JsonAsync(context, new JsonObject { ["kind"] = "FlunderList", ["items"] = items }.ToJsonString());
        }
    }

    private static async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{\"type\":\"ADDED\"}\n");
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } message)
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, true, context.RequestAborted);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
    }

    private static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}
