using System.Net;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>The first things that clients ask, in the words of each: Go's up to 1.36, C#, Python and JavaScript.</summary>
public sealed class ClientNegotiationTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    [Theory]
    // Go's typed clients from 0.32, dynamic ones with the gate of CBOR, kubectl get, Python and JavaScript, a browser.
    [InlineData("application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf")]
    [InlineData("application/json;q=0.9,application/cbor;q=1", "application/json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "application/json")]
    [InlineData("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", "application/vnd.kubernetes.protobuf")]
    [InlineData("application/json, */*;q=0.1", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json")]
    public async Task Accept_AsClientsWriteIt_IsAnsweredInTheBestOfIt(string accept, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ConfigMaps);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await server.Admin.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("POST", "application/cbor", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("PATCH", "application/apply-patch+cbor", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("POST", "application/json; charset=utf-8", HttpStatusCode.Created)]
    [InlineData("PATCH", "application/merge-patch+json; charset=utf-8", HttpStatusCode.OK)]
    [InlineData("PATCH", "application/strategic-merge-patch+json; charset=utf-8", HttpStatusCode.OK)]
    public async Task Bodies_HaveParameters_AndCborIsRefusedSoThatClientsFallBack(string method, string type, HttpStatusCode expected)
    {
        await server.SendAsync(HttpMethod.Post, ConfigMaps, """{"metadata":{"name":"negotiated"}}""");

        var post = method == "POST";
        var sent = await server.SendAsync(new HttpMethod(method), post ? ConfigMaps + "?dryRun=All" : ConfigMaps + "/negotiated?fieldManager=me",
            post ? """{"metadata":{"name":"new"}}""" : """{"metadata":{"labels":{"a":"b"}}}""", type);

        Assert.True(sent.Code == expected, sent.Text);
        if (expected == HttpStatusCode.UnsupportedMediaType) Assert.Equal("UnsupportedMediaType", (string?)sent.Json!["reason"]);
    }

    [Theory]
    // What Go's discovery asks up to 1.32, and from 1.36 on, which would rather not hear of other servers' versions.
    [InlineData("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json", "apidiscovery.k8s.io/v2")]
    [InlineData("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer,application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json", "apidiscovery.k8s.io/v2")]
    [InlineData("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", "apidiscovery.k8s.io/v2beta1")]
    [InlineData("application/json", "v1")]
    public async Task Discovery_IsAggregated_ForThoseWhoAskForIt(string accept, string version)
    {
        foreach (var path in (string[])["/api", "/apis"])
        {
            var answer = await server.GetAsync(path, accept);
            Assert.Equal(HttpStatusCode.OK, answer.Code);
            // The oldest documents say no version.
            Assert.Equal(version == "v1" && path == "/api" ? null : version, (string?)answer.Json!["apiVersion"]);
        }
    }

    [Fact]
    public async Task Log_OptionsOfEveryClient_ReachTheNode()
    {
        await server.SendAsync(HttpMethod.Post, "/api/v1/nodes",
            """{"metadata":{"name":"logs"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""");
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods", """{"metadata":{"name":"all-options"},"spec":{"nodeName":"logs","containers":[{"name":"c","image":"i"},{"name":"d","image":"i"}]}}""");

        // Python writes True.
        await server.GetAsync("/api/v1/namespaces/default/pods/all-options/log?container=d&follow=True&previous=false&timestamps=1&sinceSeconds=5&tailLines=7&limitBytes=9&insecureSkipTLSVerifyBackend=true");

        Assert.Equal("https://10.0.0.1:10250/containerLogs/default/all-options/d?follow=true&tailLines=7&sinceSeconds=5&timestamps=true&limitBytes=9", server.Node.Asked!.ToString());
    }
}
