<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Symbology|Labeling" version="3.40.6-Bratislava" labelsEnabled="0">
 <renderer-v2 forceraster="0" enableorderby="0" attr="case when coalesce(attribute('STATUS'), 'Designated') not in ('Designated', 'Inscribed', 'Established', 'Adopted') or coalesce(attribute('DESIG_ENG'), '') like 'UNESCO-MAB%' then 'other' when coalesce(attribute('SITE_TYPE') = 'OECM' or to_string(attribute('PA_DEF')) = '0', false) then 'oecm' else 'pa' end" symbollevels="0" type="categorizedSymbol" referencescale="-1">
  <categories>
   <category symbol="0" uuid="" value="pa" render="true" type="string" label="Protected area"/>
   <category symbol="1" uuid="" value="oecm" render="true" type="string" label="OECM"/>
   <category symbol="2" uuid="" value="other" render="true" type="string" label="Not counted"/>
  </categories>
  <symbols>
   <symbol alpha="1" frame_rate="10" clip_to_extent="1" force_rhr="0" type="fill" name="0" is_animated="0">
    <data_defined_properties>
     <Option type="Map">
      <Option value="" type="QString" name="name"/>
      <Option name="properties"/>
      <Option value="collection" type="QString" name="type"/>
     </Option>
    </data_defined_properties>
    <layer enabled="1" locked="0" pass="0" class="SimpleFill">
     <Option type="Map">
      <Option value="3x:0,0,0,0,0,0" type="QString" name="border_width_map_unit_scale"/>
      <Option value="0,158,115,60,rgb:0,0.61960784313725492,0.45098039215686275,0.23529411764705882" type="QString" name="color"/>
      <Option value="round" type="QString" name="joinstyle"/>
      <Option value="0,0" type="QString" name="offset"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="offset_map_unit_scale"/>
      <Option value="MM" type="QString" name="offset_unit"/>
      <Option value="0,120,88,200,rgb:0,0.47058823529411764,0.34509803921568627,0.78431372549019607" type="QString" name="outline_color"/>
      <Option value="solid" type="QString" name="outline_style"/>
      <Option value="0.3" type="QString" name="outline_width"/>
      <Option value="MM" type="QString" name="outline_width_unit"/>
      <Option value="solid" type="QString" name="style"/>
     </Option>
     <data_defined_properties>
      <Option type="Map">
       <Option value="" type="QString" name="name"/>
       <Option name="properties"/>
       <Option value="collection" type="QString" name="type"/>
      </Option>
     </data_defined_properties>
    </layer>
   </symbol>
   <symbol alpha="1" frame_rate="10" clip_to_extent="1" force_rhr="0" type="fill" name="1" is_animated="0">
    <data_defined_properties>
     <Option type="Map">
      <Option value="" type="QString" name="name"/>
      <Option name="properties"/>
      <Option value="collection" type="QString" name="type"/>
     </Option>
    </data_defined_properties>
    <layer enabled="1" locked="0" pass="0" class="SimpleFill">
     <Option type="Map">
      <Option value="3x:0,0,0,0,0,0" type="QString" name="border_width_map_unit_scale"/>
      <Option value="86,180,233,45,rgb:0.33725490196078434,0.70588235294117652,0.9137254901960784,0.17647058823529413" type="QString" name="color"/>
      <Option value="round" type="QString" name="joinstyle"/>
      <Option value="0,0" type="QString" name="offset"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="offset_map_unit_scale"/>
      <Option value="MM" type="QString" name="offset_unit"/>
      <Option value="40,120,175,200,rgb:0.15686274509803921,0.47058823529411764,0.68627450980392157,0.78431372549019607" type="QString" name="outline_color"/>
      <Option value="solid" type="QString" name="outline_style"/>
      <Option value="0.3" type="QString" name="outline_width"/>
      <Option value="MM" type="QString" name="outline_width_unit"/>
      <Option value="solid" type="QString" name="style"/>
     </Option>
     <data_defined_properties>
      <Option type="Map">
       <Option value="" type="QString" name="name"/>
       <Option name="properties"/>
       <Option value="collection" type="QString" name="type"/>
      </Option>
     </data_defined_properties>
    </layer>
    <layer enabled="1" locked="0" pass="0" class="LinePatternFill">
     <Option type="Map">
      <Option value="135" type="QString" name="angle"/>
      <Option value="during_render" type="QString" name="clip_mode"/>
      <Option value="40,120,175,150,rgb:0.15686274509803921,0.47058823529411764,0.68627450980392157,0.58823529411764708" type="QString" name="color"/>
      <Option value="feature" type="QString" name="coordinate_reference"/>
      <Option value="2.2" type="QString" name="distance"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="distance_map_unit_scale"/>
      <Option value="MM" type="QString" name="distance_unit"/>
      <Option value="0.25" type="QString" name="line_width"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="line_width_map_unit_scale"/>
      <Option value="MM" type="QString" name="line_width_unit"/>
      <Option value="0" type="QString" name="offset"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="offset_map_unit_scale"/>
      <Option value="MM" type="QString" name="offset_unit"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="outline_width_map_unit_scale"/>
      <Option value="MM" type="QString" name="outline_width_unit"/>
     </Option>
     <data_defined_properties>
      <Option type="Map">
       <Option value="" type="QString" name="name"/>
       <Option name="properties"/>
       <Option value="collection" type="QString" name="type"/>
      </Option>
     </data_defined_properties>
     <symbol alpha="1" frame_rate="10" clip_to_extent="1" force_rhr="0" type="line" name="@1@1" is_animated="0">
      <data_defined_properties>
       <Option type="Map">
        <Option value="" type="QString" name="name"/>
        <Option name="properties"/>
        <Option value="collection" type="QString" name="type"/>
       </Option>
      </data_defined_properties>
      <layer enabled="1" locked="0" pass="0" class="SimpleLine">
       <Option type="Map">
        <Option value="0" type="QString" name="align_dash_pattern"/>
        <Option value="square" type="QString" name="capstyle"/>
        <Option value="5;2" type="QString" name="customdash"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="customdash_map_unit_scale"/>
        <Option value="MM" type="QString" name="customdash_unit"/>
        <Option value="0" type="QString" name="dash_pattern_offset"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="dash_pattern_offset_map_unit_scale"/>
        <Option value="MM" type="QString" name="dash_pattern_offset_unit"/>
        <Option value="0" type="QString" name="draw_inside_polygon"/>
        <Option value="bevel" type="QString" name="joinstyle"/>
        <Option value="40,120,175,150,rgb:0.15686274509803921,0.47058823529411764,0.68627450980392157,0.58823529411764708" type="QString" name="line_color"/>
        <Option value="solid" type="QString" name="line_style"/>
        <Option value="0.25" type="QString" name="line_width"/>
        <Option value="MM" type="QString" name="line_width_unit"/>
        <Option value="0" type="QString" name="offset"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="offset_map_unit_scale"/>
        <Option value="MM" type="QString" name="offset_unit"/>
        <Option value="0" type="QString" name="ring_filter"/>
        <Option value="0" type="QString" name="trim_distance_end"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="trim_distance_end_map_unit_scale"/>
        <Option value="MM" type="QString" name="trim_distance_end_unit"/>
        <Option value="0" type="QString" name="trim_distance_start"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="trim_distance_start_map_unit_scale"/>
        <Option value="MM" type="QString" name="trim_distance_start_unit"/>
        <Option value="0" type="QString" name="tweak_dash_pattern_on_corners"/>
        <Option value="0" type="QString" name="use_custom_dash"/>
        <Option value="3x:0,0,0,0,0,0" type="QString" name="width_map_unit_scale"/>
       </Option>
       <data_defined_properties>
        <Option type="Map">
         <Option value="" type="QString" name="name"/>
         <Option name="properties"/>
         <Option value="collection" type="QString" name="type"/>
        </Option>
       </data_defined_properties>
      </layer>
     </symbol>
    </layer>
   </symbol>
   <symbol alpha="1" frame_rate="10" clip_to_extent="1" force_rhr="0" type="fill" name="2" is_animated="0">
    <data_defined_properties>
     <Option type="Map">
      <Option value="" type="QString" name="name"/>
      <Option name="properties"/>
      <Option value="collection" type="QString" name="type"/>
     </Option>
    </data_defined_properties>
    <layer enabled="1" locked="0" pass="0" class="SimpleFill">
     <Option type="Map">
      <Option value="3x:0,0,0,0,0,0" type="QString" name="border_width_map_unit_scale"/>
      <Option value="0,0,0,0,rgb:0,0,0,0" type="QString" name="color"/>
      <Option value="round" type="QString" name="joinstyle"/>
      <Option value="0,0" type="QString" name="offset"/>
      <Option value="3x:0,0,0,0,0,0" type="QString" name="offset_map_unit_scale"/>
      <Option value="MM" type="QString" name="offset_unit"/>
      <Option value="0,120,88,130,rgb:0,0.47058823529411764,0.34509803921568627,0.50980392156862742" type="QString" name="outline_color"/>
      <Option value="dot" type="QString" name="outline_style"/>
      <Option value="0.25" type="QString" name="outline_width"/>
      <Option value="MM" type="QString" name="outline_width_unit"/>
      <Option value="no" type="QString" name="style"/>
     </Option>
     <data_defined_properties>
      <Option type="Map">
       <Option value="" type="QString" name="name"/>
       <Option name="properties"/>
       <Option value="collection" type="QString" name="type"/>
      </Option>
     </data_defined_properties>
    </layer>
   </symbol>
  </symbols>
  <rotation/>
  <sizescale/>
  <data-defined-properties>
   <Option type="Map">
    <Option value="" type="QString" name="name"/>
    <Option name="properties"/>
    <Option value="collection" type="QString" name="type"/>
   </Option>
  </data-defined-properties>
 </renderer-v2>
 <selection mode="Default">
  <selectionColor invalid="1"/>
 </selection>
 <blendMode>0</blendMode>
 <featureBlendMode>0</featureBlendMode>
 <layerGeometryType>2</layerGeometryType>
</qgis>
