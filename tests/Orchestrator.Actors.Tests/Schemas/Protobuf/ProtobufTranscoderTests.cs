using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Protobuf;

namespace Orchestrator.Actors.Tests.Schemas.Protobuf;

public sealed class ProtobufTranscoderTests
{
    private static readonly SchemaCatalog Catalog = SchemaCatalog.BuiltIn;

    private static byte[] Encode(string json)
    {
        var node = JsonNode.Parse(json)!;
        var (apiVersion, kind) = ((string)node["apiVersion"]!, (string)node["kind"]!);
        var output = new ArrayBufferWriter<byte>();
        ProtobufTranscoder.Encode(output, ProtobufTranscoder.FindType(Catalog, apiVersion, kind)!, apiVersion, kind, Encoding.UTF8.GetBytes(json));
        return output.WrittenSpan.ToArray();
    }

    private static JsonNode Decode(byte[] body)
    {
        var (json, error) = ProtobufTranscoder.Decode(Catalog, body);
        Assert.Null(error);
        return JsonNode.Parse(json)!;
    }

    /// <summary>k8s\0, then Unknown {1: {1: apiVersion, 2: kind}, 2: raw}, made by hand.</summary>
    private static byte[] Body(string apiVersion, string kind, params byte[][] fields) =>
        [.. "k8s\0"u8, .. Field(1, [.. Field(1, Encoding.UTF8.GetBytes(apiVersion)), .. Field(2, Encoding.UTF8.GetBytes(kind))]), .. Field(2, [.. fields.SelectMany(static f => f)])];

    private static byte[] Field(int number, params byte[] value) => [.. Varint((ulong)number << 3 | 2), .. Varint((ulong)value.Length), .. value];

    private static byte[] Field(int number, string value) => Field(number, Encoding.UTF8.GetBytes(value));

    private static byte[] Number(int number, long value) => [.. Varint((ulong)number << 3), .. Varint((ulong)value)];

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private const string Pod = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"u","resourceVersion":"7","generation":2,
          "creationTimestamp":"2024-05-06T07:08:09Z","labels":{"a":"1","b":"ü"},"finalizers":["x/y"],
          "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"q","controller":true,"blockOwnerDeletion":false}],
          "managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2024-05-06T07:08:09Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}]},
         "spec":{"containers":[{"name":"c","image":"i","command":["a","b"],"ports":[{"containerPort":80,"protocol":"TCP","name":"http"}],
            "env":[{"name":"E","value":"1"},{"name":"F","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],
            "resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"250m"}},
            "livenessProbe":{"httpGet":{"path":"/","port":"http","scheme":"HTTP"},"periodSeconds":10},
            "readinessProbe":{"exec":{"command":["true"]},"initialDelaySeconds":3},
            "lifecycle":{"preStop":{"httpGet":{"port":8080}}},"securityContext":{"runAsUser":0,"privileged":false},
            "volumeMounts":[{"name":"v","mountPath":"/v"}]}],
          "volumes":[{"name":"v","emptyDir":{}},{"name":"w","configMap":{"name":"cm","defaultMode":420,"items":[{"key":"k","path":"p","mode":0}]}},
            {"name":"x","projected":{"sources":[{"serviceAccountToken":{"path":"t","expirationSeconds":3600}}],"defaultMode":0}}],
          "restartPolicy":"Always","terminationGracePeriodSeconds":0,"automountServiceAccountToken":false,"hostNetwork":true,
          "tolerations":[{"operator":"Exists"}],
          "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"In","values":["a"]}]}]}}}},
         "status":{"phase":"Running","startTime":"2024-05-06T07:08:10Z","containerStatuses":[{"name":"c","ready":false,"restartCount":0,"started":false,
            "image":"i","imageID":"","state":{"running":{"startedAt":"2024-05-06T07:08:11Z"}},"lastState":{}}]}}
        """;

    [Theory]
    [InlineData(Pod)]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":0}},"template":{"metadata":{},"spec":{"containers":[{"name":"c"}]}},"revisionHistoryLimit":0},"status":{"replicas":3,"collisionCount":0}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"Opaque","immutable":false,"data":{"k":"AAEC/w==","e":""}}""")]
    [InlineData("""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},"spec":{"holderIdentity":"","leaseDurationSeconds":15,"renewTime":"2024-05-06T07:08:09.123456Z","acquireTime":"2024-05-06T07:08:09.000000Z"}}""")]
    [InlineData("""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"},"deleteOptions":{"gracePeriodSeconds":0,"preconditions":{"uid":"u"}}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"Status","metadata":{},"status":"Failure","message":"m","reason":"Invalid","code":422,"details":{"name":"n","causes":[{"reason":"R","message":"M","field":"f"}]}}""")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"DeleteOptions","gracePeriodSeconds":0,"orphanDependents":false,"propagationPolicy":"Foreground","dryRun":["All"]}""")]
    [InlineData("""{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d"},"spec":{"replicas":3},"status":{"replicas":0,"selector":"a=b"}}""")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"c"},"data":{"spec":{"x":[1,null,"ü"]}},"revision":0}""")]
    [InlineData("""{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"e"},"addressType":"IPv4","endpoints":[{"addresses":["1.1.1.1"],"conditions":{"ready":false}}],"ports":[{"name":"","port":80,"protocol":"TCP"}]}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","metadata":{},"spec":{"token":"t"},"status":{"authenticated":true,"user":{"username":"u","extra":{"k":["a","b"]}}}}""")]
    [InlineData("""{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"w"},"spec":{"group":"g","scope":"Namespaced","names":{"plural":"ws","kind":"W"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","default":{"a":1},"enum":[1,"x"],"properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"type":"object","additionalProperties":true},"c":{"additionalProperties":{"type":"integer","minimum":0}},"d":{"dependencies":{"x":["y"]}}},"x-kubernetes-preserve-unknown-fields":false}}}]}}""")]
    public void RoundTrip_OfEachKind_LosesNothing(string json)
    {
        var expected = JsonNode.Parse(json)!;
        var actual = Decode(Encode(json));
        Assert.True(JsonNode.DeepEquals(expected, actual), $"expected {expected.ToJsonString()}\nactual   {actual.ToJsonString()}");
    }

    [Fact]
    public void Encode_OfAPod_IsLaidOutAsInTheWireFormat()
    {
        var body = Encode(Pod);
        Assert.Equal("k8s\0"u8.ToArray(), body[..4]);
        var unknown = body[4..];
        var meta = ProtobufFields.Of(unknown, 1).Single();
        Assert.Equal("v1", Encoding.UTF8.GetString(ProtobufFields.Of(meta, 1).Single()));
        Assert.Equal("Pod", Encoding.UTF8.GetString(ProtobufFields.Of(meta, 2).Single()));

        var pod = ProtobufFields.Of(unknown, 2).Single();
        Assert.Equal([1, 2, 3], ProtobufFields.All(pod).Select(static f => f.Field));
        var spec = ProtobufFields.Of(pod, 2).Single();
        var container = ProtobufFields.Of(spec, 2).Single();
        Assert.Equal(["a", "b"], ProtobufFields.Of(container, 3).Select(Encoding.UTF8.GetString));
        // The handler of a probe is embedded as field 1, in it httpGet is 2, and the port is an IntOrString of kind 1.
        var httpGet = ProtobufFields.Of(ProtobufFields.Of(ProtobufFields.Of(container, 10).Single(), 1).Single(), 2).Single();
        var port = ProtobufFields.Of(httpGet, 2).Single();
        Assert.Equal(1u, ProtobufFields.Varints(port, 1).Single());
        Assert.Equal("http", Encoding.UTF8.GetString(ProtobufFields.Of(port, 3).Single()));
        // resources.limits["cpu"] is a map entry whose value is {1: "500m"}.
        var cpu = ProtobufFields.Of(ProtobufFields.Of(container, 8).Single(), 1).First();
        Assert.Equal("500m", Encoding.UTF8.GetString(ProtobufFields.Of(ProtobufFields.Of(cpu, 2).Single(), 1).Single()));
        // A volume has its name as 1 and its source, with configMap as 19, embedded as 2.
        var volume = ProtobufFields.Of(spec, 1).ElementAt(1);
        Assert.Single(ProtobufFields.Of(ProtobufFields.Of(volume, 2).Single(), 19));
    }

    [Fact]
    public void Decode_OfWhatGoWrites_LeavesOutWhatWasNeverSet()
    {
        var body = Body("v1", "Pod",
            Field(1, [.. Field(1, "p"), .. Field(2, ""), .. Field(3, "n"), .. Field(5, ""), .. Number(7, 0), .. Field(8)]),
            Field(2, [.. Field(2, [.. Field(1, "c"), .. Field(2, "i"), .. Field(8), .. Number(16, 0)]), .. Number(4, 0), .. Number(11, 0), .. Number(21, 0)]),
            Field(3, [.. Field(1, "")]));

        var pod = Decode(body);

        Assert.Equal("""{"name":"p","namespace":"n"}""", pod["metadata"]!.ToJsonString());
        Assert.Equal("""[{"name":"c","image":"i","resources":{}}]""", pod["spec"]!["containers"]!.ToJsonString());
        Assert.Equal(0, (int)pod["spec"]!["terminationGracePeriodSeconds"]!);
        Assert.Null(pod["spec"]!["hostNetwork"]);
        Assert.False((bool)pod["spec"]!["automountServiceAccountToken"]!);
        Assert.Equal("{}", pod["status"]!.ToJsonString());
    }

    [Fact]
    public void Decode_OfUnknownFieldsAndAnyOrder_ReadsWhatItKnows()
    {
        var body = Body("v1", "ConfigMap",
            Field(2, [.. Field(1, "k"), .. Field(2, "v")]), Field(900, "future"), Number(901, 5), Field(1, Field(1, "c")),
            Field(2, [.. Field(2, "w"), .. Field(1, "l")]), Field(2, [.. Field(1, "k"), .. Field(2, "last")]));
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"last","l":"w"}}""", Decode(body).ToJsonString());
    }

    [Fact]
    public void Decode_OfPackedNumbers_ReadsThemAsAList()
    {
        // supplementalGroups of a PodSecurityContext (spec.securityContext, 14) is field 4.
        var body = Body("v1", "Pod", Field(2, Field(14, [.. Field(4, 1, 2), .. Number(4, 3)])));
        Assert.Equal("[1,2,3]", Decode(body)["spec"]!["securityContext"]!["supplementalGroups"]!.ToJsonString());
    }

    public static TheoryData<byte[]> Bad() => new(
        "{}"u8.ToArray(),
        "k8s\0\x0a\xff"u8.ToArray(),
        Body("v1", "Pod", [0x0a, 0x7f]),
        Body("v1", "Pod", [0x0b]),
        Body("v1", "Pod", Number(1, 5)),
        Body("v1", "Pod", Field(1, Field(1, 0xff, 0xfe))),
        Body("v1", "Pod", [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Body("v1", "Pod", Field(1, Field(8, Number(1, long.MaxValue)))),
        Body("apps/v1", "ControllerRevision", Field(2, Field(1, "{\"a\":"))));

    [Theory]
    [MemberData(nameof(Bad))]
    public void Decode_OfBadBytes_IsABadRequest(byte[] body)
    {
        var (json, error) = ProtobufTranscoder.Decode(Catalog, body);
        Assert.Null(json);
        Assert.Equal(400, error!.Code);
    }

    [Fact]
    public void Decode_NestedTooDeep_IsABadRequest()
    {
        byte[] schema = [];
        for (var i = 0; i < 200; i++) schema = Field(28, schema);   // JSONSchemaProps.not
        var body = Body("apiextensions.k8s.io/v1", "CustomResourceDefinition", Field(2, Field(7, Field(4, Field(1, schema)))));
        Assert.Equal(400, ProtobufTranscoder.Decode(Catalog, body).Error!.Code);
    }

    [Fact]
    public void Decode_OfAnUnknownKind_SaysThatItHasNoSuchForm() =>
        Assert.Equal(415, ProtobufTranscoder.Decode(Catalog, Body("example.com/v1", "Widget")).Error!.Code);

    [Fact]
    public void Decode_OfRandomBytes_NeverThrows()
    {
        var random = new Random(20240506);
        var good = Encode(Pod);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var n = random.Next(1, 6); n > 0; n--) bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            ProtobufTranscoder.Decode(Catalog, bytes);
        }
    }

    [Fact]
    public void List_OfRawItems_IsTheListKindOfTheResource()
    {
        var resource = Catalog.Find("", "v1", "configmaps")!;
        var items = new[] { "a", "b" }.Select(name => (ReadOnlyMemory<byte>)ProtobufTranscoder.EncodeRaw(resource.Root,
            Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"}}""")));
        var output = new ArrayBufferWriter<byte>();
        ProtobufTranscoder.EncodeList(output, resource.ApiVersion, resource.ListKind, items, "42", "next", 3);

        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"42","continue":"next","remainingItemCount":3},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""",
            Decode(output.WrittenSpan.ToArray()).ToJsonString());
    }

    [Fact]
    public void WatchFrame_IsALengthAndAnEventAroundAWholeBody()
    {
        var output = new ArrayBufferWriter<byte>();
        ProtobufTranscoder.EncodeWatchFrame(output, "ADDED", "v1", "ConfigMap", Field(1, Field(1, "c")));
        var frame = output.WrittenSpan.ToArray();

        Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
        Assert.Equal("ADDED", Encoding.UTF8.GetString(ProtobufFields.Of(frame[4..], 1).Single()));
        var body = ProtobufFields.Of(ProtobufFields.Of(frame[4..], 2).Single(), 1).Single();
        Assert.Equal("c", (string?)Decode(body)["metadata"]!["name"]);
    }

    [Fact]
    public void EveryBuiltInField_HasAProtobufNumber_OfItsOwn()
    {
        foreach (var type in Catalog.Types)
        {
            var paths = type.Fields.Where(static f => !f.ProtobufPath.IsEmpty).Select(static f => string.Join('.', f.ProtobufPath)).ToList();
            Assert.True(paths.Count == paths.Distinct().Count(), $"two fields of {type.Name} have one number");
        }
    }
}
