using System.Text;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.FieldManagement;

/// <summary>Writes of several managers one after another: what is left, and whose it is.</summary>
/// <remarks>What is to come of each is what structured-merge-diff makes of such writes (merge/*_test.go).</remarks>
public sealed class ApplyScenarioTests
{
    private const string Things = """
        "n":{"type":"integer"},
        "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer"}},
        "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{
          "name":{"type":"string"},"x":{"type":"integer"},"y":{"type":"integer"},
          "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"map":{"type":"object","additionalProperties":{"type":"string"}}}}},
        "sets":{"type":"object","additionalProperties":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}},
        "maps":{"type":"object","additionalProperties":{"type":"object","additionalProperties":{"type":"string"}}},
        "deep":{"type":"object","additionalProperties":{"type":"object","additionalProperties":{"type":"object","nullable":true,"additionalProperties":{"type":"object","nullable":true,"x-kubernetes-preserve-unknown-fields":true}}}},
        "struct":{"type":"object","nullable":true,"properties":{"name":{"type":"string"},"value":{"type":"integer"},"inner":{"type":"object","properties":{"name":{"type":"string"}}}}},
        "whole":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"name":{"type":"string"},"value":{"type":"integer"}}},
        "wholes":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"integer"}}}},
        "atoms":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","x-kubernetes-map-type":"atomic","required":["name"],"properties":{
          "name":{"type":"string"},"value":{"type":"integer"}}}},
        "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","protocol"],"items":{"type":"object","required":["port"],"properties":{
          "port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},"name":{"type":"string"}}}},
        "book":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["chapter","section"],"items":{"type":"object","properties":{
          "chapter":{"type":"integer","default":1},"section":{"type":"string","default":"A"},
          "lines":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["page","line"],"items":{"type":"object","properties":{
            "page":{"type":"number","default":2.0},"line":{"type":"integer","default":3},"text":{"type":"string"}}}}}}},
        "open":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"num":{"type":"integer"}}},
        "free":{"x-kubernetes-preserve-unknown-fields":true}
        """;

    /// <summary>Each step is a manager, <c>=</c> for an apply, <c>!</c> for one that is forced or <c>~</c> for an update, and an object; what an apply conflicts with follows
    /// <c>&gt;</c>.</summary>
    public static TheoryData<string, string, string> Scenarios => new()
    {
        // Entries that a list has twice, which only updates can bring.
        { """u ~ {"set":[1,1,3,4]}""", """{"set":[1,1,3,4]}""", "u~ .set .set[=1] .set[=3] .set[=4]" },
        { """u ~ {"set":[1,3,4]} / v ~ {"set":[1,1,3,4]}""", """{"set":[1,1,3,4]}""", "u~ .set .set[=3] .set[=4]; v~ .set[=1]" },
        { """u ~ {"set":[1,1,3,4]} / v ~ {"set":[1,3,4]}""", """{"set":[1,3,4]}""", "u~ .set .set[=3] .set[=4]; v~ .set[=1]" },
        { """u ~ {"set":[1,1,3,4]} / a = {"set":[1]} > "u" using example.com/v1: .set[=1]""", """{"set":[1,1,3,4]}""", "u~ .set .set[=1] .set[=3] .set[=4]" },
        { """u ~ {"set":[1,1,3,4]} / a ! {"set":[1]}""", """{"set":[1,3,4]}""", "a= .set[=1]; u~ .set .set[=3] .set[=4]" },
        { """u ~ {"set":[1,1,3,4]} / a = {"set":[5]}""", """{"set":[1,1,3,4,5]}""", "a= .set[=5]; u~ .set .set[=1] .set[=3] .set[=4]" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""", """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""",
            """u~ .list .list[name="a"] .list[name="b"] .list[name="b"].name .list[name="b"].x""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / v ~ {"list":[{"name":"a","x":1},{"name":"a","x":3},{"name":"b","x":3}]}""",
            """{"list":[{"name":"a","x":1},{"name":"a","x":3},{"name":"b","x":3}]}""", """u~ .list .list[name="b"] .list[name="b"].name .list[name="b"].x; v~ .list[name="a"]""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"b","x":3}]} / v ~ {"list":[{"name":"a","x":1},{"name":"a","y":3},{"name":"b","x":3}]}""",
            """{"list":[{"name":"a","x":1},{"name":"a","y":3},{"name":"b","x":3}]}""", """u~ .list .list[name="b"] .list[name="b"].name .list[name="b"].x; v~ .list[name="a"]""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2}]} / v ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""",
            """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""", """u~ .list .list[name="a"]; v~ .list[name="b"] .list[name="b"].name .list[name="b"].x""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / a ! {"n":5}""", """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}],"n":5}""",
            """a= .n; u~ .list .list[name="a"] .list[name="b"] .list[name="b"].name .list[name="b"].x""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / a = {"list":[{"name":"a","x":3}]} > "u" using example.com/v1: .list[name="a"] / a ! {"list":[{"name":"a","x":3}]}""",
            """{"list":[{"name":"a","x":3},{"name":"b","x":3}]}""",
            """a= .list[name="a"] .list[name="a"].name .list[name="a"].x; u~ .list .list[name="b"] .list[name="b"].name .list[name="b"].x""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / a = {"list":[{"name":"a","x":2}]} > "u" using example.com/v1: .list[name="a"]""",
            """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""", """u~ .list .list[name="a"] .list[name="b"] .list[name="b"].name .list[name="b"].x""" },
        { """u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / a ! {"list":[{"name":"b","x":4}]}""", """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":4}]}""",
            """a= .list[name="b"] .list[name="b"].name .list[name="b"].x; u~ .list .list[name="a"] .list[name="b"] .list[name="b"].name""" },
        { """a = {"list":[{"name":"a","x":1},{"name":"b","x":3}]} / u ~ {"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]} / a = {"list":[{"name":"b","x":3}]}""",
            """{"list":[{"name":"a","x":1},{"name":"a","x":2},{"name":"b","x":3}]}""", """a= .list[name="b"] .list[name="b"].name .list[name="b"].x; u~ .list[name="a"]""" },

        // What is nested.
        { """a = {"list":[{"name":"a","set":["b","c"]}]} / a = {"list":[{"name":"a","set":["a","c"]}]}""", """{"list":[{"name":"a","set":["a","c"]}]}""",
            """a= .list[name="a"] .list[name="a"].name .list[name="a"].set[="a"] .list[name="a"].set[="c"]""" },
        { """a = {"list":[{"name":"a","set":["b","c"]}]} / a = {"list":[{"name":"b","set":["a","c"]}]}""", """{"list":[{"name":"b","set":["a","c"]}]}""",
            """a= .list[name="b"] .list[name="b"].name .list[name="b"].set[="a"] .list[name="b"].set[="c"]""" },
        { """a = {"list":[{"name":"a","map":{"b":"x","c":"y"}}]} / a = {"list":[{"name":"a","map":{"a":"x","c":"z"}}]}""", """{"list":[{"name":"a","map":{"c":"z","a":"x"}}]}""",
            """a= .list[name="a"] .list[name="a"].map.a .list[name="a"].map.c .list[name="a"].name""" },
        { """a = {"sets":{"a":["b","c"]}} / a = {"sets":{"a":["a","c"]}}""", """{"sets":{"a":["a","c"]}}""", """a= .sets.a .sets.a[="a"] .sets.a[="c"]""" },
        { """a = {"sets":{"a":["b","c"]}} / a = {"sets":{"b":["a","c"]}}""", """{"sets":{"b":["a","c"]}}""", """a= .sets.b .sets.b[="a"] .sets.b[="c"]""" },
        { """a = {"maps":{"a":{"b":"x","c":"y"}}} / a = {"maps":{"a":{"a":"x","c":"z"}}}""", """{"maps":{"a":{"c":"z","a":"x"}}}""", "a= .maps.a .maps.a.a .maps.a.c" },
        { """a = {"maps":{"a":{"b":"x"}}} / a = {"maps":{"b":{"a":"x"}}}""", """{"maps":{"b":{"a":"x"}}}""", "a= .maps.b .maps.b.a" },
        { """a = {"deep":{"a":{"b":{"c":null}}}} / a = {"deep":{"a":{"d":{"c":null}}}}""", """{"deep":{"a":{"d":{"c":null}}}}""", "a= .deep.a .deep.a.d .deep.a.d.c" },
        { """a = {"struct":{"name":"a","value":1}} / a = {}""", "{}", "" },
        // It would be null there, which is to most kinds as if nothing had been said; here it stays what was asked for, and empty.
        { """a = {"struct":{"name":"a"}} / a = {"struct":null}""", """{"struct":{}}""", "a= .struct" },
        { """a = {"struct":{"name":"a"}} / u ~ {"struct":{"name":"a","value":1}} / a = {}""", """{"struct":{"value":1}}""", "u~ .struct.value" },
        { """a = {"struct":{"name":"a"}} / u ~ {"struct":{"name":"a","value":1}} / a = {"struct":{}}""", """{"struct":{"value":1}}""", "a= .struct; u~ .struct.value" },
        { """a = {"struct":{"name":"a"}} / u ~ {"struct":{"name":"a","value":1}} / a = {"struct":null}""", """{"struct":{"value":1}}""", "a= .struct; u~ .struct.value" },
        { """a = {"struct":{"name":"a"}} / u ~ {"struct":{"name":"b","value":1}} / a = {"struct":null}""", """{"struct":{"name":"b","value":1}}""", "a= .struct; u~ .struct.name .struct.value" },

        // Several who apply.
        { """a = {"list":[{"name":"a"},{"name":"b"}]} / b = {"list":[{"name":"c"}]} / a = {"list":[{"name":"a"}]}""", """{"list":[{"name":"a"},{"name":"c"}]}""",
            """a= .list[name="a"] .list[name="a"].name; b= .list[name="c"] .list[name="c"].name""" },
        { """a = {"list":[{"name":"a","x":0}]} / b = {"list":[{"name":"a","x":1}]} > "a": .list[name="a"].x""", """{"list":[{"name":"a","x":0}]}""",
            """a= .list[name="a"] .list[name="a"].name .list[name="a"].x""" },
        { """a = {"list":[{"name":"a"},{"name":"b"},{"name":"c"}]} / b = {"list":[{"name":"c"},{"name":"d"}]} / a = {"list":[{"name":"a"}]}""", """{"list":[{"name":"a"},{"name":"c"},{"name":"d"}]}""",
            """a= .list[name="a"] .list[name="a"].name; b= .list[name="c"] .list[name="c"].name .list[name="d"] .list[name="d"].name""" },
        { """a = {"struct":{"name":"a","inner":{"name":"b"}}} / b = {"struct":{"inner":{"name":"b"}}} / a = {"struct":{"name":"a"}}""", """{"struct":{"name":"a","inner":{"name":"b"}}}""",
            "a= .struct.name; b= .struct.inner.name" },
        { """u ~ {"struct":{"name":"a","value":1}} / a = {"struct":{"name":"a","value":1}} / a = {"struct":{"name":"a"}}""", """{"struct":{"name":"a","value":1}}""",
            "a= .struct.name; u~ .struct .struct.name .struct.value" },
        { """a = {"list":[{"name":"a"},{"name":"b","set":["c"]}]} / b = {"list":[{"name":"b","set":["d"]}]} / a = {"list":[{"name":"a"}]}""", """{"list":[{"name":"a"},{"name":"b","set":["d"]}]}""",
            """a= .list[name="a"] .list[name="a"].name; b= .list[name="b"] .list[name="b"].name .list[name="b"].set[="d"]""" },
        { """a = {"list":[{"name":"a"},{"name":"b","set":["c"]}]} / b = {"list":[{"name":"b","set":["d"]}]} / u ~ {"list":[{"name":"a"},{"name":"b","set":["c","d","e"]}]} / a = {"list":[{"name":"a"}]}""",
            """{"list":[{"name":"a"},{"name":"b","set":["d","e"]}]}""",
            """a= .list[name="a"] .list[name="a"].name; b= .list[name="b"] .list[name="b"].name .list[name="b"].set[="d"]; u~ .list[name="b"].set[="e"]""" },
        { """a = {"maps":{"a":{"c":"x"},"b":{"d":"y"}}} / b = {"maps":{"a":{"c":"x"}}} / a = {"maps":{"b":{"d":"y"}}}""", """{"maps":{"a":{"c":"x"},"b":{"d":"y"}}}""",
            "a= .maps.b .maps.b.d; b= .maps.a .maps.a.c" },

        { """a = {"free":{"a":{"b":null},"c":{"d":null}}} / b = {"free":{"a":null,"c":{"d":null}}} / u ~ {"free":{"a":{"b":{"c":null}},"c":{"d":{"e":null}}}} / v ~ {"free":{"a":{"b":{"c":{"d":null}}},"c":{"d":{"e":{"f":null}}}}} / u ~ {"free":{"a":{"b":{"c":{"d":{"e":null}}}},"c":{"d":{"e":{"f":{"g":null}}}}}} / a = {"n":1}""",
            """{"n":1,"free":{"a":{},"c":{"d":{"e":{"f":{"g":null}}}}}}""", "a= .n; b= .free.a .free.c .free.c.d; u~ .free.c.d.e .free.c.d.e.f.g; v~ .free.c.d.e.f" },
        { """a = {"deep":{"a":{"b":{}}}} / u ~ {"deep":{"a":{"b":{"c":null}}}} / a = {"deep":{"a":{"b":{}},"c":{"d":{}}}} / a = {"deep":{"a":{},"c":{}}}""", """{"deep":{"a":{},"c":{}}}""", "a= .deep.a .deep.c" },
        { """u ~ {"deep":{"a":{"b":{"c":null}}}} / a = {"deep":{"a":{"b":{}},"c":{"d":{}}}} / a = {"deep":{"a":{},"c":{}}}""", """{"deep":{"a":{"b":{"c":null}},"c":{}}}""", "a= .deep.a .deep.c; u~ .deep .deep.a .deep.a.b .deep.a.b.c" },
        { """a = {"whole":{"name":"a"}} / b = {"whole":{"value":2}} > "a": .whole / b ! {"whole":{"value":2}}""", """{"whole":{"value":2}}""", "b= .whole" },

        { """a = {"sets":{"a":["b"]}} / b = {"sets":{"a":[]}} / a = {"sets":{}}""", """{"sets":{"a":[]}}""", "a= .sets; b= .sets.a" },

        // Sets in the order of whoever applied last.
        { """a = {"sets":{"s":["a","c"]}} / u ~ {"sets":{"s":["a","b","c","d"]}} / a = {"sets":{"s":["a","a2","c","c2"]}}""", """{"sets":{"s":["a","b","a2","c","d","c2"]}}""",
            """a= .sets.s .sets.s[="a"] .sets.s[="a2"] .sets.s[="c"] .sets.s[="c2"]; u~ .sets.s[="b"] .sets.s[="d"]""" },
        { """a = {"sets":{"s":["a","b","c","d"]}} / u ~ {"sets":{"s":["a","d","c","b"]}} / a = {"sets":{"s":["a","b","c","d"]}}""", """{"sets":{"s":["a","b","c","d"]}}""",
            """a= .sets.s .sets.s[="a"] .sets.s[="b"] .sets.s[="c"] .sets.s[="d"]""" },

        // What has one owner as a whole.
        { """a = {"whole":{"name":"a"}} / b = {"whole":{"value":2}} > "a": .whole / a = {"whole":{"name":"b","value":2}}""", """{"whole":{"name":"b","value":2}}""", "a= .whole" },
        { """a = {"wholes":[{"name":"a"}]} / b = {"wholes":[{"name":"b"}]} > "a": .wholes""", """{"wholes":[{"name":"a"}]}""", "a= .wholes" },
        { """a = {"atoms":[{"name":"a","value":1}]} / b = {"atoms":[{"name":"a","value":2}]} > "a": .atoms[name="a"] / b = {"atoms":[{"name":"b"}]}""", """{"atoms":[{"name":"a","value":1},{"name":"b"}]}""",
            """a= .atoms[name="a"]; b= .atoms[name="b"]""" },

        // Keys with defaults.
        { """a = {"ports":[{"port":80},{"port":80,"protocol":"UDP"}]}""", """{"ports":[{"port":80},{"port":80,"protocol":"UDP"}]}""",
            """a= .ports[port=80,protocol="TCP"] .ports[port=80,protocol="TCP"].port .ports[port=80,protocol="UDP"] .ports[port=80,protocol="UDP"].port .ports[port=80,protocol="UDP"].protocol""" },
        { """a = {"ports":[{"port":80,"protocol":"TCP","name":"foo"}]} / b = {"ports":[{"port":80,"name":"bar"}]} > "a": .ports[port=80,protocol="TCP"].name""",
            """{"ports":[{"port":80,"protocol":"TCP","name":"foo"}]}""",
            """a= .ports[port=80,protocol="TCP"] .ports[port=80,protocol="TCP"].name .ports[port=80,protocol="TCP"].port .ports[port=80,protocol="TCP"].protocol""" },
        { """a = {"book":[{"lines":[{"text":"t"}]}]} / a = {"book":[{"lines":[{"text":"t","page":2}]}]}""", """{"book":[{"lines":[{"text":"t","page":2}]}]}""",
            """a= .book[chapter=1,section="A"] .book[chapter=1,section="A"].lines[line=3,page=2] .book[chapter=1,section="A"].lines[line=3,page=2].page .book[chapter=1,section="A"].lines[line=3,page=2].text""" },

        // What no schema names.
        { """a = {"open":{"num":5,"any":"value"}} / a = {"open":{"num":6,"any":"new"}}""", """{"open":{"num":6,"any":"new"}}""", "a= .open.any .open.num" },
        { """a = {"free":{"a":{"b":1},"l":[1]}} / b = {"free":{"a":{"c":1}}} / a = {"free":{"l":[2]}}""", """{"free":{"l":[2],"a":{"c":1}}}""", "a= .free.l; b= .free.a .free.a.c" },
    };

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Writes_OfSeveral_LeadTo(string steps, string state, string owners)
    {
        var cluster = new Writes(Things);
        foreach (var step in steps.Split(" / ")) cluster.Do(step);
        Assert.True(JsonTree.DeepEquals(JsonNode.Parse(state), cluster.State), cluster.State.ToJsonString());
        Assert.Equal(owners, cluster.Owners);
    }

    private sealed class Writes(string properties)
    {
        private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        private readonly ResourceSchema _schema = CustomResourceSchemas.Build(JsonNode.Parse($$$"""
            {"metadata":{"name":"things.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,
             "schema":{"openAPIV3Schema":{"type":"object","properties":{ {{{properties}}} } } } }]}}
            """)!.AsObject()).Single();

        private JsonNode? _record;
        private JsonObject? _live;

        public JsonObject State
        {
            get
            {
                var state = _live!.DeepClone().AsObject();
                foreach (var name in (string[])["apiVersion", "kind", "metadata"]) state.Remove(name);
                return state;
            }
        }

        public string Owners => string.Join("; ", (_record as JsonArray ?? []).Select(static e =>
            $"{(string?)e!["manager"]}{((string?)e["operation"] == "Apply" ? "=" : "~")} {string.Join(' ', FieldsV1.Parse(e["fieldsV1"]).Paths().Order(StringComparer.Ordinal))}"));

        public void Do(string step)
        {
            var (manager, how) = (step[..1], step[2]);
            var refused = step.Split(" > ");
            var tree = Tree(refused[0][4..]);
            var catalog = SchemaCatalog.BuiltIn.With([_schema]);
            if (how == '~')
            {
                if (_live is null) _record = FieldManager.OfCreate(catalog, _schema, tree, manager, Now)?.Parse();
                else _record = Read(FieldManager.OfUpdate(catalog, _schema, _live, tree, _record, null, "", manager, Now).Record);
                _live = tree;
                return;
            }
            var (state, owned) = FieldManager.OfApply(catalog, _schema, _live ?? ZeroObject.Tree(_schema), tree, _record, "", manager, how == '!', Now);
            if (refused.Length > 1)
            {
                Assert.Equal($"Apply failed with 1 conflict: conflict with {refused[1]}", state.Error?.Message);
                return;
            }
            Assert.Null(state.Error?.Message);
            (_live, _record) = (state.Tree, Read(owned.Record));
        }

        // As it is stored and read again.
        private static JsonNode? Read(JsonNode? record) => record is null ? null : JsonNode.Parse(record.ToJsonString());

        private static JsonObject Tree(string fields)
        {
            var tree = ObjectJson.Parse(Encoding.UTF8.GetBytes(fields)).Tree!.AsObject();
            tree["apiVersion"] = "example.com/v1";
            tree["kind"] = "Thing";
            tree["metadata"] = new JsonObject { ["name"] = "a" };
            return tree;
        }
    }
}
