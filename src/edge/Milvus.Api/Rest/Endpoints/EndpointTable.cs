namespace Milvus.Api.Rest.Endpoints;

/// <summary>Every path below <c>/v2/vectordb/</c> that this server answers.</summary>
internal static class EndpointTable
{
    public static Dictionary<string, RestEndpoint> Build()
    {
        var table = new Dictionary<string, RestEndpoint>(StringComparer.Ordinal);
        CollectionEndpoints.Add(table);
        CollectionMaintenanceEndpoints.Add(table);
        PartitionEndpoints.Add(table);
        AliasEndpoints.Add(table);
        IndexEndpoints.Add(table);
        DatabaseEndpoints.Add(table);
        UserEndpoints.Add(table);
        RoleEndpoints.Add(table);
        ResourceGroupEndpoints.Add(table);
        JobEndpoints.Add(table);
        SnapshotEndpoints.Add(table);
        CommonEndpoints.Add(table);
        EntityEndpoints.Add(table);
        SearchEndpoints.Add(table);
        return table;
    }
}
