using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Resource groups as configured.</summary>
internal static class ResourceGroupEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["resource_groups/list"] = call => new(RestReply.Names(call.Proxy.Catalog.ResourceGroups.Select(g => g.Name)));
        table["resource_groups/create"] = async call =>
        {
            var config = call.Find("config") is { } c ? ReadConfig(c) : null;
            await call.ExecuteAsync(new CreateResourceGroup(call.Required("name", "ResourceGroupReq"), config));
            return RestReply.Empty;
        };
        table["resource_groups/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropResourceGroup(call.Required("name", "ResourceGroupReq")));
            return RestReply.Empty;
        };
        table["resource_groups/alter"] = async call =>
        {
            if (call.Object("resource_groups") is not { } groups) throw RestFailure.Missing("UpdateResourceGroupReq", "resource_groups");
            var configs = ImmutableSortedDictionary.CreateBuilder<string, ResourceGroupConfig>(StringComparer.Ordinal);
            foreach (var g in groups.EnumerateObject()) configs[g.Name] = ReadConfig(g.Value);
            await call.ExecuteAsync(new AlterResourceGroups(configs.ToImmutable()));
            return RestReply.Empty;
        };
        table["resource_groups/describe"] = call =>
        {
            var catalog = call.Proxy.Catalog;
            var group = catalog.GetResourceGroup(call.Required("name", "ResourceGroupReq"));
            var known = call.Proxy.Maintenance.QueryNodes;
            var assigned = NodeGroups.Assign(catalog.ResourceGroups, known.Select(n => n.Name));
            var nodes = known.Where(n => assigned[n.Name] == group.Name).ToList();
            return new(RestReply.Object(w =>
            {
                w.WriteStartObject("resource_group");
                w.WriteString("name", group.Name);
                w.WriteNumber("capacity", group.Capacity);
                if (nodes.Count > 0) w.WriteNumber("num_available_node", nodes.Count);
                w.WriteStartObject("config");
                w.WriteStartObject("requests");
                w.WriteNumber("node_num", group.Config.RequestedNodes);
                w.WriteEndObject();
                w.WriteStartObject("limits");
                w.WriteNumber("node_num", group.Config.NodeLimit);
                w.WriteEndObject();
                w.WriteEndObject();
                if (nodes.Count > 0) WriteNodes(w, nodes);
                w.WriteEndObject();
            }) with
            { IsBare = true });
        };
        table["resource_groups/transfer_replica"] = async call =>
        {
            if (call.Number("replicaNum") == 0) throw RestFailure.Missing("TransferReplicaReq", "replicaNum");
            await call.ExecuteAsync(new TransferReplicas(
                call.Database, call.Collection, call.Required("sourceRgName", "TransferReplicaReq"), call.Required("targetRgName", "TransferReplicaReq"), call.Number("replicaNum")));
            return RestReply.Empty;
        };
    }

    private static void WriteNodes(Utf8JsonWriter w, List<QueryNodeInfo> nodes)
    {
        w.WriteStartArray("nodes");
        foreach (var node in nodes)
        {
            w.WriteStartObject();
            w.WriteNumber("node_id", node.Id);
            w.WriteString("address", node.Address);
            w.WriteString("hostname", node.Hostname);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static ResourceGroupConfig ReadConfig(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("config", "object", config);
        return new ResourceGroupConfig
        {
            RequestedNodes = Nodes(config, "requests"),
            NodeLimit = Nodes(config, "limits"),
            TransferFrom = Groups(config, "transfer_from"),
            TransferTo = Groups(config, "transfer_to"),
            NodeLabels = RestCall.Object(config, "node_filter") is { } filter ? RestCall.Map(filter, "node_labels") : [],
        };
    }

    private static int Nodes(JsonElement config, string name)
    {
        if (RestCall.Object(config, name) is not { } part) throw RestFailure.Missing("ResourceGroupConfig", name);
        var n = RestCall.Number(part, "node_num");
        return n is >= 0 and <= int.MaxValue ? (int)n : throw MilvusException.InvalidParameter($"{name}.node_num {n} is out of range");
    }

    private static ImmutableArray<string> Groups(JsonElement config, string name)
    {
        if (RestCall.List(config, name) is not { } list) return [];
        return [.. list.EnumerateArray().Select(g => g.ValueKind == JsonValueKind.Object ? RestCall.Text(g, "resource_group") : throw RestCall.WrongType(name, "object", g))];
    }
}
