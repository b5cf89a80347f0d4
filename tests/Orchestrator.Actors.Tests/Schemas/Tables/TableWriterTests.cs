using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Tests.Schemas.Tables;

public sealed class TableWriterTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2030-01-02T03:04:05Z", CultureInfo.InvariantCulture);

    internal static JsonObject Write(TableLayout layout, RowObject rowObject, params string[] objects)
    {
        var output = new ArrayBufferWriter<byte>();
        TableWriter.Write(output, layout, objects.Select(static o => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(o)), new TableListMeta("7"), rowObject, Now);
        return JsonNode.Parse(output.WrittenSpan)!.AsObject();
    }

    internal static string Cells(TableLayout layout, string json)
    {
        var row = Write(layout, RowObject.None, json)["rows"]![0]!;
        Assert.Equal(layout.Columns.Length, row["cells"]!.AsArray().Count);
        return string.Join('|', row["cells"]!.AsArray().Select(static c => c?.ToString() ?? "null"));
    }

    private static string Pod(string spec, string status, string meta = "") =>
        $$"""{"metadata":{"name":"p","creationTimestamp":"2030-01-02T02:04:05Z"{{meta}}},"spec":{{spec}},"status":{{status}}}""";

    [Theory]
    [InlineData("{}", """{"phase":"Pending"}""", "", "0/0|Pending|0")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""",
        """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"a","ready":true,"restartCount":0,"state":{"running":{}}},{"name":"b","restartCount":1,"state":{"terminated":{"reason":"Completed","exitCode":0}}}]}""",
        "", "1/2|Running|1")]
    [InlineData("""{"containers":[{"name":"a"}]}""",
        """{"phase":"Running","containerStatuses":[{"name":"a","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"finishedAt":"2030-01-02T03:02:00Z"}}}]}""",
        "", "0/1|CrashLoopBackOff|3 (2m5s ago)")]
    [InlineData("""{"containers":[{"name":"a"}],"initContainers":[{"name":"i"},{"name":"j"}]}""",
        """{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}]}""",
        "", "0/1|Init:1/2|0")]
    [InlineData("""{"containers":[{"name":"a"}],"initContainers":[{"name":"i"}]}""",
        """{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":2,"state":{"terminated":{"exitCode":3}}}]}""",
        "", "0/1|Init:ExitCode:3|2")]
    [InlineData("""{"containers":[{"name":"a"}],"initContainers":[{"name":"s","restartPolicy":"Always"}]}""",
        """{"phase":"Running","initContainerStatuses":[{"name":"s","ready":true,"started":true,"restartCount":4,"state":{"running":{}}}],"containerStatuses":[{"name":"a","ready":true,"restartCount":0,"state":{"running":{}}}]}""",
        "", "2/2|Running|4")]
    [InlineData("""{"containers":[{"name":"a"}]}""", """{"phase":"Running"}""", ",\"deletionTimestamp\":\"2030-01-02T03:04:00Z\"", "0/1|Terminating|0")]
    [InlineData("""{"containers":[{"name":"a"}]}""", """{"phase":"Running","reason":"NodeLost"}""", ",\"deletionTimestamp\":\"2030-01-02T03:04:00Z\"", "0/1|Unknown|0")]
    [InlineData("""{"containers":[{"name":"a"}]}""", """{"phase":"Failed","reason":"Evicted"}""", "", "0/1|Evicted|0")]
    [InlineData("""{"containers":[{"name":"a"}]}""",
        """{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":137,"signal":9}}}]}""", "", "0/1|Signal:9|0")]
    public void Pods_InEachState_PrintAsKubernetesDoes(string spec, string status, string meta, string expected) =>
        Assert.Equal($"p|{expected}|60m|<none>|<none>|<none>|<none>", Cells(BuiltInTables.Find("pods")!, Pod(spec, status, meta)));

    [Fact]
    public void Pods_WideColumns_ShowPlaceAndGates() =>
        Assert.EndsWith("|10.0.0.1|n1|n2|1/2", Cells(BuiltInTables.Find("pods")!, Pod(
            """{"nodeName":"n1","readinessGates":[{"conditionType":"x"},{"conditionType":"y"}]}""",
            """{"phase":"Running","nominatedNodeName":"n2","podIPs":[{"ip":"10.0.0.1"}],"conditions":[{"type":"x","status":"True"}]}""")), StringComparison.Ordinal);

    [Theory]
    [InlineData("nodes", """{"metadata":{"name":"n","labels":{"node-role.kubernetes.io/control-plane":"","kubernetes.io/role":"a"}},"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP","address":"10.1.1.1"}],"nodeInfo":{"kubeletVersion":"v1.32.0"}}}""",
        "n|Ready,SchedulingDisabled|a,control-plane|<unknown>|v1.32.0|10.1.1.1|<none>|<unknown>|<unknown>|<unknown>")]
    [InlineData("deployments.apps", """{"metadata":{"name":"d"},"spec":{"replicas":3,"selector":{"matchLabels":{"b":"2","a":"1"}},"template":{"spec":{"containers":[{"name":"c","image":"i"},{"name":"c2","image":"i2"}]}}},"status":{"readyReplicas":2,"updatedReplicas":3,"availableReplicas":1}}""",
        "d|2/3|3|1|<unknown>|c,c2|i,i2|a=1,b=2")]
    [InlineData("services", """{"metadata":{"name":"s"},"spec":{"type":"NodePort","clusterIP":"10.0.0.9","ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}""",
        "s|NodePort|10.0.0.9|<none>|80:30080/TCP,53/UDP|<unknown>|<none>")]
    [InlineData("endpoints", """{"metadata":{"name":"e"},"subsets":[{"addresses":[{"ip":"1.1.1.1"},{"ip":"1.1.1.2"}],"ports":[{"port":1},{"port":2}]}]}""",
        "e|1.1.1.1:1,1.1.1.2:1,1.1.1.1:2 + 1 more...|<unknown>")]
    [InlineData("endpointslices.discovery.k8s.io", """{"metadata":{"name":"e"},"addressType":"IPv4","ports":[{"port":80}],"endpoints":[{"addresses":["1.1.1.1"]}]}""",
        "e|IPv4|80|1.1.1.1|<unknown>")]
    [InlineData("jobs.batch", """{"metadata":{"name":"j","creationTimestamp":"2030-01-01T03:04:05Z"},"spec":{"completions":2},"status":{"succeeded":2,"startTime":"2030-01-01T03:04:05Z","completionTime":"2030-01-01T03:04:35Z","conditions":[{"type":"Complete","status":"True"}]}}""",
        "j|Complete|2/2|30s|24h|||<none>")]
    [InlineData("events", """{"metadata":{"name":"x.1"},"involvedObject":{"kind":"Pod","name":"p"},"type":"Normal","reason":"Pulled","message":" m ","eventTime":"2030-01-02T03:03:05Z","reportingComponent":"kubelet","reportingInstance":"n"}""",
        "60s|Normal|Pulled|pod/p||kubelet, n|m|60s|1|x.1")]
    [InlineData("configmaps", """{"metadata":{"name":"c"},"data":{"a":"1"},"binaryData":{"b":""}}""", "c|2|<unknown>")]
    [InlineData("daemonsets.apps", """{"metadata":{"name":"d"},"spec":{"selector":{"matchExpressions":[{"key":"k","operator":"In","values":["b","a"]}]},"template":{"spec":{}}},"status":{"desiredNumberScheduled":3}}""",
        "d|3|0|0|0|0|<none>|<unknown>|||k in (a,b)")]
    [InlineData("horizontalpodautoscalers.autoscaling", """{"metadata":{"name":"h"},"spec":{"maxReplicas":3,"minReplicas":1,"scaleTargetRef":{"kind":"Deployment","name":"d"},"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]}}""",
        "h|Deployment/d|cpu: <unknown>/50%|1|3|0|<unknown>")]
    public void BuiltIns_Cells_AreAsKubernetesPrintsThem(string resource, string json, string expected) =>
        Assert.Equal(expected, Cells(BuiltInTables.Find(resource)!, json));

    [Fact]
    public void EveryLayout_OfAnEmptyObject_HasOneCellForEachColumn()
    {
        foreach (var resource in BuiltInTables.Resources) Cells(BuiltInTables.Find(resource)!, """{"metadata":{"name":"x"}}""");
        Assert.Equal("x|", Cells(TableLayout.Default, """{"metadata":{"name":"x"}}"""));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(125, "2m5s")]
    [InlineData(600, "10m")]
    [InlineData(3 * 3600 + 300, "3h5m")]
    [InlineData(47 * 3600, "47h")]
    [InlineData(76 * 3600, "3d4h")]
    [InlineData(100 * 86400, "100d")]
    [InlineData(800 * 86400, "2y70d")]
    [InlineData(-5, "<invalid>")]
    public void HumanDuration_OfSeconds_IsKubectlsForm(long seconds, string expected) =>
        Assert.Equal(expected, HumanDuration.Format(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Rows_ByIncludeObject_CarryMetadataAllOrNothing()
    {
        const string Json = """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a","uid":"u"},"status":{"phase":"Active"}}""";
        var layout = BuiltInTables.Find("namespaces")!;

        Assert.False(Write(layout, RowObject.None, Json)["rows"]![0]!.AsObject().ContainsKey("object"));
        Assert.Equal("""{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","uid":"u"}}""",
            Write(layout, RowObject.Metadata, Json)["rows"]![0]!["object"]!.ToJsonString());
        Assert.Equal(Json, Write(layout, RowObject.Object, Json)["rows"]![0]!["object"]!.ToJsonString());
    }

    [Fact]
    public void Table_OfFinishedPods_MarksTheRows()
    {
        var table = Write(BuiltInTables.Find("pods")!, RowObject.None, Pod("{}", """{"phase":"Succeeded"}"""));

        Assert.Equal("Table", (string?)table["kind"]);
        Assert.Equal("7", (string?)table["metadata"]!["resourceVersion"]);
        Assert.Equal("name", (string?)table["columnDefinitions"]![0]!["format"]);
        Assert.Equal(1, (int)table["columnDefinitions"]![5]!["priority"]!);
        Assert.Equal("Completed", (string?)table["rows"]![0]!["conditions"]![0]!["type"]);
    }

    [Fact]
    public void CustomColumns_OfEachType_FollowTheirPaths()
    {
        var layout = CustomTable.Create([
            new PrinterColumn("Replicas", "integer", ".spec.replicas"),
            new PrinterColumn("Ready", "string", """.status.conditions[?(@.type=="Ready")].status"""),
            new PrinterColumn("Label", "string", @".metadata.labels.app\.io/name"),
            new PrinterColumn("Last", "string", ".spec.items[-1].n"),
            new PrinterColumn("On", "boolean", "{.spec.on}"),
            new PrinterColumn("Since", "date", ".status.since"),
            new PrinterColumn("Ratio", "number", ".spec.ratio"),
            new PrinterColumn("Map", "string", ".spec.items[0]"),
            new PrinterColumn("Missing", "string", ".spec.no.such"),
            new PrinterColumn("Odd", "integer", ".spec.on")]);
        Assert.Equal("x|3|True|web|2|true|65s|0.5|{\"n\":1}|null|null", Cells(layout, """
            {"metadata":{"name":"x","labels":{"app.io/name":"web"}},"spec":{"replicas":3,"on":true,"ratio":0.5,"items":[{"n":1},{"n":2}]},
             "status":{"since":"2030-01-02T03:03:00Z","conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}
            """));
    }

    [Theory]
    [InlineData(".a[*].b", "1,2,3")]
    [InlineData(".a[1:].b", "2,3")]
    [InlineData(".a[?(@.b>=2)].b", "2,3")]
    [InlineData(".a[?(@.c)].b", "3")]
    [InlineData("..b", "1,2,3")]
    [InlineData(".a[7].b", "")]
    [InlineData("['a'][0]['b']", "1")]
    public void JsonPath_OfTheSubset_Selects(string text, string expected)
    {
        using var document = JsonDocument.Parse("""{"a":[{"b":1},{"b":2},{"b":3,"c":true}]}""");
        Assert.True(JsonPath.TryParse(text, out var path));
        Assert.Equal(expected, string.Join(',', path.Select(document.RootElement).Select(static e => e.GetRawText())));
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData(".a[")]
    [InlineData(".a[x]")]
    [InlineData(".a[?(1==1)]")]
    public void JsonPath_OutsideTheSubset_IsRefused(string text) => Assert.False(JsonPath.TryParse(text, out _));

    [Fact]
    public void Metadata_OfAList_IsCutOutOfTheBytes()
    {
        var output = new ArrayBufferWriter<byte>();
        MetadataProjection.WriteList(output, [Encoding.UTF8.GetBytes("""{"spec":{"metadata":1},"metadata":{"name":"a","labels":{"x":"y"}}}""")],
            new TableListMeta("9", "token", 4));
        Assert.Equal("""{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"9","continue":"token","remainingItemCount":4},"items":[{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","labels":{"x":"y"}}}]}""",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }
}
